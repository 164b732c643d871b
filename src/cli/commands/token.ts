/** Tokens for the API: shown once, kept as their sha256. */

import { newToken, readLocalToken } from "../../app/local-token.ts";
import { profileOf } from "../../app/profile.ts";
import { openRuntime, type Runtime } from "../../app/runtime.ts";
import { hash } from "../../contract/digest.ts";
import { SCOPES, type Scope } from "../../http/authorize.ts";
import { BadRequest } from "../../lib/errors.ts";
import type { Command, Invocation } from "../command.ts";

export const createToken: Command = {
  name: "token create",
  args: "<name>",
  describe: "Make a token for the API and print it, this once",
  options: [{ flag: "--scope <scope...>", describe: `What it is for: ${SCOPES.join(", ")} (default: ${SCOPES[0]})` }],
  action: (invocation) =>
    withIndex(invocation, async ({ commit }) => {
      const scopes = (invocation.flags.scope as readonly string[] | undefined) ?? [SCOPES[0]];
      const unknown = scopes.find((scope) => !SCOPES.includes(scope as Scope));
      if (unknown !== undefined) throw new BadRequest(`--scope ${unknown}: there is ${SCOPES.join(", ")}`);
      const token = newToken();
      const id = crypto.randomUUID().slice(0, 8);
      const row = {
        id,
        name: invocation.args[0]!,
        hash: hash("sha256", token),
        scopes: [...scopes],
        createdAt: Date.now(),
      };
      await commit("createToken", { row: { ...row, revokedAt: null } });
      console.error(`token ${id} is made; it is not shown again:`);
      console.log(token);
    }),
};

export const localToken: Command = {
  name: "token local",
  describe: "Print the token that the server on this store wrote for scripts of its user",
  action: async ({ load }) => {
    const { config } = await load();
    console.log(readLocalToken(config.storage.path));
    return 0;
  },
};

export const listTokens: Command = {
  name: "token list",
  describe: "List tokens for the API, without the tokens themselves",
  options: [{ flag: "--json", describe: "Print one JSON document" }],
  action: (invocation) =>
    withIndex(invocation, async ({ tokens }) => {
      const at = (time: number | null) => (time === null ? null : new Date(time).toISOString());
      const rows = tokens.list().map(({ id, name, scopes, createdAt, revokedAt }) => ({
        id,
        name,
        scopes,
        created_at: at(createdAt),
        revoked_at: at(revokedAt),
      }));
      if (invocation.flags.json === true) return console.log(JSON.stringify(rows, null, 2));
      for (const { id, name, scopes, created_at, revoked_at } of rows)
        console.log(
          `${id}  ${scopes.join(",")}  ${created_at}  ${name}${revoked_at ? `  (revoked ${revoked_at})` : ""}`,
        );
      if (rows.length === 0) console.log("there are no tokens");
    }),
};

export const revokeToken: Command = {
  name: "token revoke",
  args: "<id>",
  describe: "Make a token useless, from the next request on",
  action: (invocation) =>
    withIndex(invocation, async ({ commit }) => {
      const [id = ""] = invocation.args;
      const revoked = await commit("revokeToken", { id, at: Date.now() });
      if (!revoked) throw new BadRequest(`there is no valid token ${id}; proxy token list shows them`);
      console.log(`token ${id} is revoked`);
    }),
};

async function withIndex({ load }: Invocation, run: (index: Runtime["index"]) => Promise<void>): Promise<number> {
  const { config, sources } = await load();
  const runtime = await openRuntime({ config, sources, profile: profileOf("administer", config) });
  try {
    await run(runtime.index);
    return 0;
  } finally {
    await runtime.close();
  }
}
