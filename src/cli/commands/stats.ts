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
  ],
  action: async ({ flags, load }) => {
    const { config, sources } = await load();
    const popular = flags.popular === undefined ? 0 : Number(flags.popular);
    if (!Number.isInteger(popular) || popular < 0)
      throw new BadRequest(`--popular ${String(flags.popular)}: expected a whole number, such as 10`);
    const { cache, database, mounts, close } = await openRuntime({
      config,
      sources,
      pin: false,
      dry: false,
      patience: 0,
      absent: "refuse",
    });
    const held = statsOf(cache, mounts.values(), database.path);
    const top = cache.context.artifacts.popular(popular).map((row) => {
      const ecosystem = mounts.get(row.mount)?.ecosystem;
      return {
        purl: ecosystem && row.name ? formatPurl(ecosystem, row) : "",
        path: `/${row.mount}${row.path}`,
        hits: row.hits,
        bytes: row.size,
      };
    });
    if (flags.json === true) console.log(JSON.stringify(popular > 0 ? { ...held, popular: top } : held, null, 2));
    else {
      console.log(
        `${counted(held.cached_artifacts, "artifact")}, ${held.total_size} in ${held.storage_url}; database ${held.database_path}`,
      );
      for (const { mount, artifacts, bytes } of held.mounts)
        console.log(`  /${mount}: ${counted(artifacts, "artifact")}, ${formatSize(bytes)}`);
      for (const { path, hits, purl } of top) console.log(`  ${counted(hits, "hit")}: ${purl || path}`);
    }
    await close();
    return 0;
  },
};
