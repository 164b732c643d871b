import { profileOf } from "../../app/profile.ts";
import { openRuntime } from "../../app/runtime.ts";
import { formatPurl } from "../../contract/purl.ts";
import { statsOf } from "../../http/stats.ts";
import { BadRequest } from "../../lib/errors.ts";
import { counted, formatSize } from "../../lib/sizes.ts";
import type { Command } from "../command.ts";

export const stats: Command = {
  name: "stats",
  describe: "What is held, by mount",
  options: [
    { flag: "--json", describe: "As JSON" },
    { flag: "--popular <n>", describe: "The n most requested files too" },
    { flag: "--recent <n>", describe: "The n files that were stored last, too" },
  ],
  action: async ({ flags, load }) => {
    const { config, sources } = await load();
    const popular = countOf("popular", flags.popular);
    const recent = countOf("recent", flags.recent);
    const { cache, database, mounts, close } = await openRuntime({
      config,
      sources,
      profile: profileOf("inspect", config),
    });
    const held = statsOf(cache, mounts.values(), database.path);
    const named = (row: { mount: string; path: string; name: string; version: string }) => {
      const ecosystem = mounts.get(row.mount)?.ecosystem;
      const purl = ecosystem && row.name ? formatPurl(ecosystem, row) : "";
      return { purl, path: `/${row.mount}${row.path}` };
    };
    const { artifacts } = cache.context;
    const most = artifacts.popular(popular).map((row) => ({ ...named(row), hits: row.hits, bytes: row.size }));
    const last = artifacts.recent(recent).map((row) => ({
      ...named(row),
      cached_at: new Date(row.fetchedAt).toISOString(),
      bytes: row.size,
    }));
    if (flags.json === true)
      console.log(
        JSON.stringify(
          { ...held, ...(popular > 0 && { popular: most }), ...(recent > 0 && { recent: last }) },
          null,
          2,
        ),
      );
    else {
      console.log(
        `${counted(held.cached_artifacts, "artifact")}, ${held.total_size} in ${held.storage_url}; database ${held.database_path}`,
      );
      for (const { mount, artifacts: count, bytes } of held.mounts)
        console.log(`  /${mount}: ${counted(count, "artifact")}, ${formatSize(bytes)}`);
      for (const { path, hits, purl } of most) console.log(`  ${counted(hits, "hit")}: ${purl || path}`);
      for (const { path, purl, cached_at, bytes } of last)
        console.log(`  ${cached_at.slice(0, 19)}Z: ${purl || path}, ${formatSize(bytes)}`);
    }
    await close();
    return 0;
  },
};

function countOf(flag: string, given: unknown): number {
  const count = given === undefined ? 0 : Number(given);
  if (!Number.isInteger(count) || count < 0)
    throw new BadRequest(`--${flag} ${String(given)}: expected a whole number, such as 10`);
  return count;
}
