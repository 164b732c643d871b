/** Writes docs/configuration.md from the schema. */
import { type Key, keysOf } from "./keys.ts";
import { settingsSchema } from "./schema.ts";

const HEAD = `<!-- Written by scripts/generate.ts from src/config/schema.ts. Do not edit. -->
# Configuration

Flags win over environment variables, these over the file named with \`--config\` (YAML, JSON or TOML, by its ending), that over the defaults.
\`proxy config check --config FILE\` tells what is in effect and where it came from, or everything that is wrong.

- Sizes: bytes, or a number with \`KB\`, \`MB\`, \`GB\`, \`TB\` (powers of 1000) or \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\` (of 1024). What the program prints has the same meaning: 1 KB is 1000 bytes.
- Durations: \`0\`, or a number with \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; several add up (\`1h30m\`).
- Lists: in a file as such or separated by commas, in a variable separated by commas.
- What is empty counts as not set. Maps, and keys below them (\`<name>\`), can only be set in the file.
- Flags are taken with one dash or two.

\`\`\`yaml
listen: ":8080"
base_url: https://packages.example
storage:
  path: /var/lib/proxy
  max_size: 200GB
database:
  path: /var/lib/proxy/proxy.db
cooldown:
  default: 3d
  packages:
    pkg:npm/@acme/tools: 0
mounts:
  npm-internal:
    ecosystem: npm
    upstreams:
      default: https://npm.corp.example
upstream:
  auth:
    https://npm.corp.example:
      type: bearer
      token: \${NPM_TOKEN}
\`\`\`
`;

/** The whole file. */
export function renderConfiguration(ecosystems: readonly { id: string }[]): string {
  const keys = keysOf(settingsSchema(ecosystems.map(({ id }) => id)));
  const ignored = keys.filter(({ meta }) => meta.ignored).map(({ path }) => `\`${path}\``);
  return `${HEAD}
${renderConfigurationTable(keys)}
Taken from the files of other versions and programs, with a warning, and without effect here: ${ignored.join(", ")}.
`;
}

/** A row for each key that has an effect. */
export function renderConfigurationTable(keys: readonly Key[]): string {
  const rows = keys
    .filter(({ meta }) => !meta.ignored)
    .map(({ path, env, meta, fallback }) => [
      code(path),
      code(env),
      code(meta.flag && `--${meta.flag}`),
      code(fallback),
      (meta.description ?? "").replaceAll("|", "\\|"),
    ]);
  const head = ["key", "environment", "flag", "default", "meaning"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function code(value: string | number | boolean | undefined): string {
  return value === undefined || value === "" ? "" : `\`${value}\``;
}
