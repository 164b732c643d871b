import type { Lockfile } from "../../src/contract/lockfile.ts";
import { yarnBerry } from "./lockfile-yarn-berry.ts";
import { yarnClassic } from "./lockfile-yarn-classic.ts";

/** Two formats that have one name: that of Yarn 1 and that of all later ones (berry). */
export const yarnLock: Lockfile = {
  id: "yarn-lock",
  title: "yarn.lock (1, 4–10)",
  recognizes: (name, text) => name === "yarn.lock" || yarnBerry.recognizes(text) || yarnClassic.recognizes(text),
  read: (text) => (yarnBerry.recognizes(text) ? yarnBerry : yarnClassic).read(text),
};
