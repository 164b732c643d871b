/** Reads the command line and runs the command that it names. */

import { run } from "./cli/cli.ts";
import { configCheck } from "./cli/commands/config.ts";
import { listEcosystems } from "./cli/commands/ecosystems.ts";
import { cancelJob, jobs, retryJob, showJob } from "./cli/commands/jobs.ts";
import { mirror } from "./cli/commands/mirror.ts";
import { pin, unpin } from "./cli/commands/pin.ts";
import { pluginCheck } from "./cli/commands/plugin-check.ts";
import { pluginNew } from "./cli/commands/plugin-new.ts";
import { pluginRecord } from "./cli/commands/plugin-record.ts";
import { serveCommand } from "./cli/commands/serve.ts";
import { removeSet, sets, showSet } from "./cli/commands/sets.ts";
import { stats } from "./cli/commands/stats.ts";
import { adoptStore } from "./cli/commands/store-adopt.ts";
import { createToken, listTokens, localToken, revokeToken } from "./cli/commands/token.ts";
import { verify } from "./cli/commands/verify.ts";
import { version } from "./cli/commands/version.ts";
import { why } from "./cli/commands/why.ts";
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
  pin,
  unpin,
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
