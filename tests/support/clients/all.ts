import { bun } from "./bun.ts";
import { cargo } from "./cargo.ts";
import type { Client } from "./client.ts";
import { dotnet } from "./dotnet.ts";
import { bundler, gem } from "./gem.ts";
import { go } from "./go.ts";
import { mvn } from "./mvn.ts";
import { npm } from "./npm.ts";
import { pip } from "./pip.ts";
import { pnpm } from "./pnpm.ts";
import { poetry } from "./poetry.ts";
import { uv } from "./uv.ts";
import { yarnBerry } from "./yarn-berry.ts";
import { yarnClassic } from "./yarn-classic.ts";

/** Every driver, by ecosystem. */
export const clients: readonly Client[] = [
  [npm, pnpm, yarnClassic, yarnBerry, bun],
  [pip, uv, poetry],
  [cargo, go, mvn],
  [gem, bundler],
  [dotnet],
].flat();
