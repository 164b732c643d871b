/** Reads the command line and runs the command that it names. */
import { run } from "./cli.ts";
import { configCheck } from "./commands/config.ts";
import { listEcosystems } from "./commands/ecosystems.ts";
import { cancelJob, jobs, retryJob, showJob } from "./commands/jobs.ts";
import { mirror } from "./commands/mirror.ts";
import { pluginCheck } from "./commands/plugin-check.ts";
import { pluginNew } from "./commands/plugin-new.ts";
import { pluginRecord } from "./commands/plugin-record.ts";
import { serveCommand } from "./commands/serve.ts";
import { removeSet, sets, showSet } from "./commands/sets.ts";
import { stats } from "./commands/stats.ts";
import { adoptStore } from "./commands/store-adopt.ts";
import { createToken, listTokens, localToken, revokeToken } from "./commands/token.ts";
import { verify } from "./commands/verify.ts";
import { version } from "./commands/version.ts";
import { why } from "./commands/why.ts";
import { loadPlugins } from "./plugins/load.ts";
import { ecosystems } from "./registry.generated.ts";

const commands = [
  serveCommand,
  mirror,
  verify,
  jobs,
  showJob,
  cancelJob,
  retryJob,
  sets,
  showSet,
  removeSet,
  createToken,
  localToken,
  listTokens,
  revokeToken,
  stats,
  why,
  configCheck,
  adoptStore,
  listEcosystems,
  pluginNew,
  pluginCheck,
  pluginRecord,
  version,
];

process.exit(
  await run(process.argv.slice(2), commands, {
    ecosystems: ecosystems.map(({ id }) => id),
    env: process.env,
    loadPlugins,
  }),
);
