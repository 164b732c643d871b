/**
 * The list of an APT repository: what the indexes of the mount's suites name, as their release files say. A release file that
 * is another one has all of it listed anew, and compared.
 */
import type { Catalog, CatalogEvent, Reader } from "../../src/contract/catalog.ts";
import { hash } from "../../src/contract/digest.ts";
import { NotFound, UpstreamFailed } from "../../src/lib/errors.ts";
import { paragraphsOf } from "../shared/deb822.ts";
import { leaveOut } from "../shared/entries.ts";
import { folderOf, indexesListed } from "./layout.ts";
import { HASHES, type Release, readRelease } from "./release.ts";

/** By suite: which release file was read. */
type Position = Record<string, { digest: string; date: number }>;
interface Suite {
  dir: string;
  release: Release;
}

const LOT = 1_000;

export const debianCatalog: Catalog = {
  async *list(reader) {
    const { suites, position } = await releasesOf(reader);
    const checkpoint = JSON.stringify(position);
    /** What the indexes state of each package, digested one after another. */
    const packages = new Map<string, string>();
    const odd: CatalogEvent[] = [];
    for (const suite of suites) await readIndexes(reader, suite, packages, odd);
    const all = packages.entries();
    for (let lot = all.take(LOT).toArray(); lot.length > 0; lot = all.take(LOT).toArray())
      yield {
        events: lot.map(([name, revision]): CatalogEvent => ({ type: "changed", package: { name }, revision })),
        checkpoint,
      };
    yield { events: odd, checkpoint };
  },
  async *changes(reader, checkpoint = "{}") {
    const before = JSON.parse(checkpoint) as Position;
    const { position } = await releasesOf(reader);
    for (const [suite, { date }] of Object.entries(position))
      if (date < (before[suite]?.date ?? 0))
        throw new UpstreamFailed(
          `the release file of ${suite} is of ${new Date(date).toISOString()}, and one of ${new Date(before[suite]!.date).toISOString()} was read; a mirror in between is behind`,
          { retryable: true },
        );
    const other = [...new Set([...Object.keys(before), ...Object.keys(position)])].filter(
      (suite) => before[suite]?.digest !== position[suite]?.digest,
    );
    if (other.length > 0)
      yield { events: [{ type: "resync", reason: `published anew: ${other.join(", ")}` }], checkpoint: "" };
  },
};

async function releasesOf(reader: Reader): Promise<{ suites: Suite[]; position: Position }> {
  const suites: Suite[] = [];
  const position: Position = {};
  for (const suite of reader.traits.options["suites"] ?? []) {
    const dir = folderOf(suite);
    const text = await releaseText(reader, dir);
    const release = readRelease(text);
    suites.push({ dir, release });
    position[suite] = { digest: hash("sha256", text), date: release.date ?? 0 };
  }
  return { suites, position };
}

async function releaseText(reader: Reader, dir: string): Promise<string> {
  try {
    return await reader.text(encodeURI(`${dir}/InRelease`));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    return reader.text(encodeURI(`${dir}/Release`));
  }
}

async function readIndexes(
  reader: Reader,
  { dir, release }: Suite,
  packages: Map<string, string>,
  odd: CatalogEvent[],
): Promise<void> {
  const { fields, files } = release;
  const byName = new Map(files.map((file) => [file.name, file]));
  const { follow } = indexesListed(dir, { fields, names: new Set(byName.keys()) }, reader.traits);
  for (const name of follow) {
    const [digest] = byName.get(name)!.digests;
    const [algorithm, hex] = digest!.split(":");
    const field = HASHES.find(([, each]) => each === algorithm)![0];
    const path = `${dir}/${name}`;
    const isByHash = fields["Acquire-By-Hash"] === "yes";
    const at = isByHash ? `${path.slice(0, path.lastIndexOf("/"))}/by-hash/${field}/${hex!}` : path;
    // A name may mean the next generation by now; what has another digest is of none that is known here.
    for (const each of paragraphsOf(await reader.unpacked(encodeURI(at), digest!))) {
      const { Package: of, Version = "", Architecture = "", Filename = "" } = each;
      if (!of) {
        if (odd.length < LOT) odd.push({ type: "odd", ...leaveOut(each, `${path} names no package in it`) });
        continue;
      }
      const sum = each["SHA256"] ?? each["SHA512"] ?? each["SHA1"] ?? each["MD5sum"] ?? "";
      const stated = [packages.get(of) ?? "", Version, Architecture, Filename, sum];
      packages.set(of, hash("sha256", stated.join("\n")).slice(0, 32));
    }
  }
}
