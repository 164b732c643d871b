/** The `upstream` section: where the default mounts fetch from, and with which credentials. Names as in the Go peer's files. */

import { z } from "zod";
import { withoutSlashes } from "../lib/text-ends.ts";
import { bool, hostOrNetwork, ignored, list, scalar, text, webUrl } from "./values.ts";

/** Its name in files → which ecosystem it is for, and what the plugin calls that upstream. */
const NAMES = {
  npm: ["npm", "default"],
  pypi: ["pypi", "default"],
  pypi_download: ["pypi", "files"],
  cargo: ["cargo", "default"],
  cargo_download: ["cargo", "download"],
  go: ["golang", "default"],
  golang: ["golang", "default"],
  maven: ["maven", "default"],
  gradle_plugin_portal: ["maven", "gradle_plugin_portal"],
  gem: ["gem", "default"],
  hex: ["hex", "default"],
  hex_api: ["hex", "api"],
  pub: ["pub", "default"],
  nuget: ["nuget", "default"],
  nuget_search: ["nuget", "search"],
  composer: ["composer", "default"],
  composer_repository: ["composer", "repository"],
  conan: ["conan", "default"],
  conda: ["conda", "default"],
  cran: ["cran", "default"],
  julia: ["julia", "default"],
  swift: ["swift", "default"],
  debian: ["debian", "default"],
  rpm: ["rpm", "default"],
  oci_default: ["oci", "default"],
} as const;

type Name = keyof typeof NAMES;

/** Ecosystems whose upstreams have names of the operator's own. */
const NAMED = ["helm", "oci"] as const;
type Named = (typeof NAMED)[number];

/** A header that requests below a URL are sent with. */
export interface Credential {
  /** URL prefix without a trailing slash. Scheme, host and port must be the same, the path a prefix by whole segments. */
  scope: string;
  header: string;
  value: string;
}

const overrideOf = ([ecosystem, upstream]: (typeof NAMES)[Name]) =>
  webUrl()
    .optional()
    .meta({
      description: `Where ${ecosystem} is fetched from${upstream === "default" ? "" : ` (its upstream \`${upstream}\`)`}.`,
    });

const scope = scalar("a URL such as https://registry.example/path, without user, query or fragment", (raw) => {
  // The peer's documentation has a sample with the name of an ecosystem.
  if (/^[\w-]+$/.test(raw))
    throw new Error(
      "credentials are given by the URL of the registry that they are sent to; expected a URL such as https://registry.example/path",
    );
  if (!/^https?:\/\//i.test(raw) || !URL.canParse(raw)) return undefined;
  const { origin, pathname, username, search, hash } = new URL(raw);
  return username || search || hash ? undefined : withoutSlashes(`${origin}${pathname}`);
});

const secret = (description: string) => text("text in one line").meta({ description });

const auth = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("bearer").meta({ description: "`bearer`, `basic` or `header`." }),
    token: secret("For `bearer`."),
  }),
  z.strictObject({
    type: z.literal("basic").meta({ description: "`bearer`, `basic` or `header`." }),
    username: secret("For `basic`."),
    password: z.literal("").or(text("text in one line")).meta({ description: "For `basic`." }),
  }),
  z.strictObject({
    type: z.literal("header").meta({ description: "`bearer`, `basic` or `header`." }),
    header_name: scalar("the name of an HTTP header", (raw) =>
      /^[\w!#$%&'*+.^`|~-]+$/.test(raw) ? raw : undefined,
    ).meta({ description: "For `header`." }),
    header_value: secret("For `header`."),
  }),
]);

type Auth = z.infer<typeof auth>;

export function upstreamSection(ecosystems: readonly string[]) {
  const overrides = Object.fromEntries(
    (Object.keys(NAMES) as Name[]).map((name) => [
      name,
      ecosystems.includes(NAMES[name][0]) ? overrideOf(NAMES[name]) : unsupported(NAMES[name][0]),
    ]),
  ) as Record<Name, ReturnType<typeof overrideOf>>;
  return z
    .strictObject({
      ...overrides,
      helm: z.record(text(), webUrl()).prefault({}).meta({
        description: "Chart repositories by name: each is at `/helm/NAME`.",
        entry: "<NAME>",
      }),
      oci: z.record(text(), webUrl()).prefault({}).meta({
        description: "Further registries of images, by their hosts or other names: each is at `/v2/upstream/NAME/`.",
        entry: "<NAME>",
      }),
      apk: unsupported("apk"),
      generic: unsupported("generic"),
      homebrew_api: unsupported("homebrew"),
      homebrew_artifact: unsupported("homebrew"),
      npm_full_metadata: ignored("the whole document is always fetched"),
      allow_private_hosts: list(hostOrNetwork())
        .prefault([])
        .meta({ description: "Another name of `allow_private`; both lists hold." }),
      allow_loopback: bool()
        .prefault(false)
        .meta({ description: "Adds this machine's own addresses to `allow_private`." }),
      auth: z.record(scope, auth).prefault({}).meta({
        description: `Credentials by URL prefix; the longest matching one is sent, and never to another host. Where an upstream asks for a token, a name and password for it are also sent to the token endpoint that it names on its own registrable domain; one on another domain, or on a domain whose names belong to many owners (\`*.github.io\`), needs an entry of its own. \`\${NAME}\` in a value is that environment variable.`,
        entry: "<URL>",
        secret: true,
      }),
    })
    .prefault({});
}

function unsupported(ecosystem: string) {
  return ignored(`this version has no ecosystem ${ecosystem}`);
}

/** Ecosystem id → name of an upstream → URL. */
export function upstreamsOf(
  section: Partial<Record<Name, string | undefined>> & Partial<Record<Named, Readonly<Record<string, string>>>>,
): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const ecosystem of NAMED) {
    const named = section[ecosystem] ?? {};
    if (Object.keys(named).length > 0) found[ecosystem] = { ...named };
  }
  for (const [name, [ecosystem, upstream]] of Object.entries(NAMES)) {
    const url = section[name as Name];
    if (typeof url === "string") found[ecosystem] = { ...found[ecosystem], [upstream]: url };
  }
  return found;
}

export function credentialsOf(auths: Readonly<Record<string, Auth>>): Credential[] {
  return Object.entries(auths).map(([prefix, given]) => ({ scope: prefix, ...headerOf(given) }));
}

/** RFC 6750, RFC 7617. */
function headerOf(given: Auth): { header: string; value: string } {
  switch (given.type) {
    case "bearer":
      return { header: "authorization", value: `Bearer ${given.token}` };
    case "basic":
      return {
        header: "authorization",
        value: `Basic ${Buffer.from(`${given.username}:${given.password}`).toString("base64")}`,
      };
    case "header":
      return { header: given.header_name, value: given.header_value };
  }
}
