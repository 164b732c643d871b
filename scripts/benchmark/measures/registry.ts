/** What whole registries cost: memory and time for a million names, per package whatever their number, and for what changed. */
import { Database } from "bun:sqlite";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { alternate } from "../rounds.ts";
import { helper, type Stage } from "../stage.ts";
import type { Row } from "../table.ts";
import { loop } from "./mirror.ts";

const CONCURRENCY = 16;
const MB = 1024 * 1024;
/** Of a million names, these hundred are mirrored. */
const FEW = ["--include", "whole-00001*"];
const CHANGES = 1_000;
/** Of each package with large files. */
const VERSIONS = 10;

export async function registry(stage: Stage): Promise<Row[]> {
  return [...(await names(stage)), ...(await packages(stage)), await releases(stage), await link(stage)];
}

async function names(stage: Stage): Promise<Row[]> {
  const count = stage.quick ? 100_000 : 1_000_000;
  const large = await open(stage, count, 100);
  const { peak, seconds } = await large.mirror(...FEW);
  const first = (await large.ask("first")) / 1_000;
  const [some, all] = [await open(stage, CHANGES * 10, 100), large];
  await some.mirror(...FEW);
  const incremental = [];
  for (const each of [all, some]) {
    await each.ask(`publish/${CHANGES}`);
    incremental.push((await each.mirror(...FEW)).seconds);
    each.stop();
  }
  const [ours = 0, reference = 0] = incremental;
  const title = count.toLocaleString("en");
  return [
    {
      measure: `${title} names listed, in ${seconds.toFixed(0)} s: memory`,
      ours: `${(peak / MB).toFixed(0)} MB`,
      goal: { value: peak / MB, most: 250, unit: "MB" },
    },
    {
      measure: `${title} names: until the first file`,
      ours: `${first.toFixed(1)} s`,
      goal: { value: first, most: 5, unit: "s" },
    },
    {
      measure: `${CHANGES} changes in ${title} names, against ${(CHANGES * 10).toLocaleString("en")}`,
      ours: `${ours.toFixed(1)} s`,
      reference: `${reference.toFixed(1)} s`,
      ratio: ours / reference,
      goal: { value: ours - reference, most: 2, unit: "s more" },
    },
  ];
}

async function packages(stage: Stage): Promise<Row[]> {
  const [few, many] = stage.quick ? [500, 5_000] : [10_000, 100_000];
  const each = [];
  let rows = 0;
  for (const count of [many, few]) {
    const all = await open(stage, count, 100);
    each.push(((await all.mirror()).seconds / count) * 1_000);
    if (count === many) rows = all.rows();
    all.stop();
  }
  const [ours = 0, reference = 0] = each;
  return [
    {
      measure: `a package of ${many.toLocaleString("en")}, against one of ${few.toLocaleString("en")}`,
      ours: `${ours.toFixed(2)} ms`,
      reference: `${reference.toFixed(2)} ms`,
      ratio: ours / reference,
      goal: { value: ours / reference, most: 1.2, unit: "" },
    },
    {
      measure: `rows of work state for ${many.toLocaleString("en")} packages`,
      ours: rows.toLocaleString("en"),
      goal: { value: rows / many, most: 2, unit: "a package" },
    },
  ];
}

/** Work state is a row for a document, whatever it lists. */
async function releases(stage: Stage): Promise<Row> {
  const [documents, each] = stage.quick ? [2_000, 50] : [100_000, 50];
  const all = await open(stage, documents, 0, each);
  const { seconds, peak } = await all.mirror("--metadata-only");
  const rows = all.rows();
  all.stop();
  const [many, some] = [documents * each, documents].map((number) => number.toLocaleString("en"));
  return {
    measure: `${many} releases in ${some} documents, in ${seconds.toFixed(0)} s and ${(peak / MB).toFixed(0)} MB: rows of work state`,
    ours: rows.toLocaleString("en"),
    goal: { value: rows / documents, most: 2, unit: "a document" },
  };
}

/** Large files: the network or the disk should be what bounds it. */
async function link(stage: Stage): Promise<Row> {
  // Long enough that a start, of which a mirror of days has one, is not what is measured.
  const count = stage.quick ? 500 : 4_000;
  const addresses = (base: string) =>
    Array.from({ length: count }, (_, at) => {
      const name = `whole-${String(Math.floor(at / VERSIONS)).padStart(7, "0")}`;
      return `${base}/${name}/-/${name}-1.${at % VERSIONS}.0.tgz`;
    });
  const found = await alternate(
    stage.quick ? 1 : 3,
    Math.min,
    async () => {
      const all = await open(stage, count / VERSIONS, MB, VERSIONS);
      const { seconds } = await all.mirror();
      await all.remove();
      return seconds;
    },
    async () => {
      const all = await open(stage, count / VERSIONS, MB, VERSIONS);
      const seconds = await loop(all.folder, addresses(all.url));
      await all.remove();
      return seconds;
    },
  );
  const speed = (seconds: number) => `${(count / seconds).toFixed(0)} MB/s`;
  const ratio = found.reference / found.ours;
  return {
    measure: `a registry of ${count} files of 1 MB, against a bare loop over them`,
    ours: speed(found.ours),
    reference: speed(found.reference),
    ratio,
    goal: { value: ratio, least: 0.8, unit: "" },
  };
}

/** A registry of so many packages, with files of so many bytes, and a store of its own. */
async function open(stage: Stage, size: number, bytes: number, versions = 1) {
  const upstream = await helper("whole-upstream.ts", String(size), String(bytes), String(versions));
  const folder = await stage.folder();
  const file = join(folder, "mirror.json");
  const upstreams = { default: upstream.url, replication: `${upstream.url}/-replication` };
  const database = join(folder, "proxy.db");
  const paths = { storage: { path: join(folder, "artifacts") }, database: { path: database } };
  await Bun.write(file, JSON.stringify({ mounts: { npm: { ecosystem: "npm", upstreams } }, ...paths }));
  return {
    url: upstream.url,
    folder,
    stop: () => upstream.stop(),
    /** Gigabytes, of which there should not be those of all rounds at once. */
    remove: async () => {
      upstream.stop();
      await rm(folder, { recursive: true });
    },
    ask: async (what: string) => Number(await (await fetch(`${upstream.url}/-/${what}`)).json().catch(() => 0)),
    async mirror(...args: string[]): Promise<{ seconds: number; peak: number }> {
      const started = performance.now();
      const child = Bun.spawn(
        [
          stage.executable,
          "mirror",
          "--registry",
          "npm",
          ...args,
          "--config",
          file,
          "--concurrency",
          String(CONCURRENCY),
        ],
        { cwd: folder, stdio: ["ignore", "ignore", "ignore"], env: { HOME: folder } },
      );
      if ((await child.exited) !== 0) throw new Error("the mirror failed");
      return { seconds: (performance.now() - started) / 1_000, peak: child.resourceUsage()?.maxRSS ?? 0 };
    },
    rows(): number {
      using opened = new Database(database, { readonly: true });
      const counts = ["listed", "mirror_tasks", "mirrored"].map((table) => `(SELECT count(*) FROM ${table})`);
      return opened.query<{ rows: number }, []>(`SELECT ${counts.join(" + ")} AS rows`).get()?.rows ?? 0;
    },
  };
}
