/** A whole APT repository of one suite, published anew whenever something of it changed. */
import type { Content, Request, Tree } from "../tree.ts";
import { type Key, makeDebian } from "./debian.ts";
import type { Whole } from "./whole.ts";

export interface DebianLies {
  /** Which of its publications is sent; default: the newest. */
  publication?: number;
}

/** Where nobody looks whether it is signed. */
const UNSIGNED: Pick<Key, "sign"> = {
  sign: (text) =>
    Promise.resolve({
      inline: `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n${text}-----BEGIN PGP SIGNATURE-----\n\nfx\n-----END PGP SIGNATURE-----\n`,
      detached: "-----BEGIN PGP SIGNATURE-----\n\nfx\n-----END PGP SIGNATURE-----\n",
    }),
};

export function wholeDebian(whole: Whole, lies: DebianLies = {}, key: Pick<Key, "sign"> = UNSIGNED): Tree {
  const publications: Promise<Map<string, Content>>[] = [];
  let changes = -1;
  const tree = () => {
    if (changes !== whole.log.length) {
      changes = whole.log.length;
      const date = new Date(Date.UTC(2026, 0, 3, 9, publications.length)).toUTCString().replace("GMT", "UTC");
      const packages = Array.from(whole.indexes(), (index) => whole.packageOf(index));
      publications.push(makeDebian(packages, key, { date }));
    }
    return publications.at(lies.publication ?? -1)!;
  };
  return {
    get: (path) => async (request: Request) => {
      const content = (await tree()).get(path);
      return typeof content === "function" ? content(request) : content;
    },
  };
}
