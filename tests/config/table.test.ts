import { expect, test } from "bun:test";
import { keysOf } from "#src/config/keys.ts";
import { loadConfig } from "#src/config/load.ts";
import { configSchema } from "#src/config/schema.ts";
import { renderConfiguration, renderConfigurationTable } from "#src/config/table.ts";
import { knownUpstreams } from "#src/mounts/mounts.ts";
import { ecosystems } from "#src/registry.generated.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const ids = ecosystems.map(({ id }) => id);
const keys = keysOf(configSchema(ids));
const effective = keys.filter(({ meta }) => !meta.ignored);

const rows: [key: string, row: string][] = [
  ["listen", "| `listen` | `PROXY_LISTEN` | `--listen` | `:8080` |"],
  ["ui_base_url", "| `ui_base_url` | `PROXY_UI_URL` |  |  |"],
  ["storage.max_size", "| `storage.max_size` | `PROXY_STORAGE_MAX_SIZE` |  | `0` |"],
  ["access_log.path", "| `access_log.path` | `PROXY_ACCESS_LOG_PATH` | `--access-log` |  |"],
  ["mounts", "| `mounts` |  |  |  |"],
  ["mounts.<name>.ecosystem", "| `mounts.<name>.ecosystem` |  |  |  |"],
  ["upstream.auth.<URL>.token", "| `upstream.auth.<URL>.token` |  |  |  |"],
  ["cooldown.default", "| `cooldown.default` | `PROXY_COOLDOWN_DEFAULT` |  | `0` |"],
  ["cooldown.packages", "| `cooldown.packages` |  |  |  |"],
  ["upstream.npm", "| `upstream.npm` | `PROXY_UPSTREAM_NPM` |  |  |"],
];
test.each(rows)("the row of %s", (_, row) => expect(renderConfigurationTable(keys)).toContain(`${row} `));

const laws: Record<string, () => string[]> = {
  "every key with an effect is described": () =>
    effective.flatMap(({ path, meta }) => (meta.description?.endsWith(".") ? [] : path)),
  "no two keys share a variable": () => repeated(keys.flatMap(({ env }) => env ?? [])),
  "no two keys share a flag": () => repeated(keys.flatMap(({ meta }) => meta.flag ?? [])),
  "every default is one that is allowed": () =>
    effective.flatMap(({ path, schema, fallback }) =>
      fallback === undefined || schema.safeParse(String(fallback)).success ? [] : path,
    ),
};
for (const [law, breaches] of Object.entries(laws)) test(law, () => expect(breaches()).toEqual([]));

function repeated(words: readonly string[]): string[] {
  return words.filter((word, i) => words.indexOf(word) !== i);
}

test("the example of the page can be used", async () => {
  const [, example] = /```yaml\n(.*?)```/s.exec(renderConfiguration(ecosystems)) ?? [];
  await using folder = await temporaryFolder();
  const file = `${folder.path}/example.yaml`;
  await Bun.write(file, example!);
  const { config, warnings } = loadConfig({ ecosystems: ids, file, env: { NPM_TOKEN: "t" } });
  expect(warnings).toEqual([]);
  expect(config.mounts["npm-internal"]!.upstreams).toEqual({ default: ["https://npm.corp.example"] });
  expect(config.credentials[0]!.value).toBe("Bearer t");
});

test("an override names an upstream that its plugin has", () => {
  const overrides = keys.filter(({ path, env, meta }) => /^upstream\.\w+$/.test(path) && env && !meta.ignored);
  const env = Object.fromEntries(overrides.map((key) => [key.env!, "https://a.example"]));
  for (const name of ["PROXY_UPSTREAM_ALLOW_LOOPBACK", "PROXY_UPSTREAM_ALLOW_PRIVATE_HOSTS"]) delete env[name];
  const { upstreams } = loadConfig({ ecosystems: ids, env }).config;
  const unknown = ecosystems.flatMap((each) =>
    Object.keys(upstreams[each.id] ?? {}).flatMap((name) =>
      knownUpstreams(each).includes(name) ? [] : `${each.id}: ${name}`,
    ),
  );
  expect(unknown).toEqual([]);
  expect(Object.keys(upstreams)).toContain("npm");
});
