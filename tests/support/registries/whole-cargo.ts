/** A whole Cargo registry, with the dump of its database under `/-dump`. */
import { tarGz } from "../archives/tar.ts";
import { binary, type Content, type Tree } from "../tree.ts";
import { makeCargo } from "./cargo.ts";
import type { Whole } from "./whole.ts";

export const DUMP = "/-dump";

export function wholeCargo(whole: Whole, base: string): Tree {
  const made = new Map<number, [string, Map<string, Content>]>();
  return {
    get(key) {
      if (key === `${DUMP}/db-dump.tar.gz`) return () => binary(dump(whole), "application/gzip");
      if (key === "/config.json") return makeCargo([], base).get(key);
      const name = /^\/crates\/([^/]+)\/|\/([^/]+)$/.exec(key)?.slice(1).find(Boolean) ?? "";
      const index = whole.indexOf(name);
      if (index < 0 || whole.isGone(index)) return undefined;
      const revision = whole.revisionOf(index);
      const [known, tree] = made.get(index) ?? [];
      if (known === revision) return tree!.get(key);
      const fresh = makeCargo([whole.packageOf(index)], base);
      made.set(index, [revision, fresh]);
      return fresh.get(key);
    },
  };
}

/** Tables as PostgreSQL writes them; a description may have quotes and line ends. */
export function dump(whole: Whole): Uint8Array<ArrayBuffer> {
  const crates = ["created_at,description,id,name\n"];
  const versions = ["checksum,crate_id,id,num,yanked\n"];
  for (const index of whole.indexes()) {
    crates.push(`2024-01-01,"a ""crate"",\nof two lines",${index + 1},${whole.nameOf(index)}\n`);
    for (const version of Object.keys(whole.packageOf(index).versions))
      versions.push(`ab,${index + 1},${versions.length},${version},f\n`);
  }
  return tarGz({
    "2026-01-01-020000/metadata.json": "{}",
    "2026-01-01-020000/data/crates.csv": crates.join(""),
    "2026-01-01-020000/data/versions.csv": versions.join(""),
  });
}
