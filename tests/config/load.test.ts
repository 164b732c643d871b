import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LoadOptions, loadConfig } from "#src/config/load.ts";
import { ConfigError } from "#src/config/problems.ts";
import type { Config } from "#src/config/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "proxy-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ECOSYSTEMS = ["npm", "pypi", "cargo", "golang", "maven"];

function write(text: string, name = "config.yaml"): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const load = (sources: Omit<LoadOptions, "ecosystems">) => loadConfig({ ecosystems: ECOSYSTEMS, ...sources });

/** The problems, with the file's name short. */
function problemsOf(sources: Omit<LoadOptions, "ecosystems">): string[] {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ""));
    throw error;
  }
  return [];
}

test("without anything, all is as by default", () => {
  const { config, warnings, settings } = load({});
  expect({ warnings, settings }).toEqual({ warnings: [], settings: [] });
  expect(config).toMatchObject({
    listen: { port: 8080 },
    storage: { path: "./cache", max_size: 0 },
    database: { path: undefined },
    log: { level: "info", format: "text" },
    http_timeout: 30_000,
    metadata_max_size: 100_000_000,
    stale_if_error: 2_592_000_000,
    memory_cache: 64_000_000,
    cooldown: { default: 0, unknown: "withhold" },
    offline: false,
    concurrency: 4,
  });
  expect(config.base_url).toBeUndefined();
});

const formats: [string, string][] = [
  ["a.yaml", "listen: 127.0.0.1:0\nstorage:\n  max_size: 10GB\nhosts: [a.example]\n"],
  ["a.yml", "listen: 127.0.0.1:0\nstorage: {max_size: 10GB}\nhosts: a.example\n"],
  ["a.json", '{"listen": "127.0.0.1:0", "storage": {"max_size": 10000000000}, "hosts": ["a.example"]}'],
  ["a.toml", 'listen = "127.0.0.1:0"\nhosts = ["a.example"]\n[storage]\nmax_size = "10GB"\n'],
];
test.each(formats)("a file of each format: %s", (name, text) => {
  const { config } = load({ file: write(text, name) });
  expect(config.listen).toEqual({ host: "127.0.0.1", port: 0 });
  expect(config.storage.max_size).toBe(10_000_000_000);
  expect(config.hosts).toEqual(["a.example"]);
});

test("flags win over environment, environment over file, and each setting knows where it came from", () => {
  const file = write("log: {level: debug, format: json}\nconcurrency: 2\nnegative_ttl: 60s\n");
  const env = {
    PROXY_LOG_LEVEL: "warn",
    PROXY_CONCURRENCY: "3",
    PROXY_LOG_FORMAT: "",
    PROXY_UI_URL: "https://ui.example/",
  };
  const { config, settings } = load({ file, env, flags: { "log.level": "error" } });
  expect([config.log, config.concurrency, config.ui_base_url]).toEqual([
    { level: "error", format: "json" },
    3,
    "https://ui.example",
  ]);
  expect(settings.map(({ key, value, origin }) => `${key} ${value} ${origin.replace(file, "file")}`)).toEqual([
    'ui_base_url "https://ui.example/" environment variable PROXY_UI_URL',
    'log.level "error" flag --log-level',
    'log.format "json" file',
    'concurrency "3" environment variable PROXY_CONCURRENCY',
  ]);
});

describe("values", () => {
  const values: [yaml: string, pick: (config: Config) => unknown, expected: unknown][] = [
    ["listen: 8080", ({ listen }) => listen, { port: 8080 }],
    ['listen: "[::1]:80"', ({ listen }) => listen, { host: "::1", port: 80 }],
    ["listen: localhost:80", ({ listen }) => listen, { host: "localhost", port: 80 }],
    ["base_url: https://p.example/sub/", (config) => config.base_url, "https://p.example/sub"],
    ["hosts: P.example, q.example:8443", ({ hosts }) => hosts, ["p.example", "q.example:8443"]],
    ["trusted_proxies: [10.0.0.0/8, '::1']", (config) => config.trusted_proxies, ["10.0.0.0/8", "::1"]],
    ["storage: {url: 'file:///var/cache/a%20b'}", ({ storage }) => storage.path, "/var/cache/a b"],
    ["storage: {url: '', path: x, max_size: ''}", ({ storage: { path, max_size } }) => [path, max_size], ["x", 0]],
    ["storage:\nlog:\nupstream:\n  auth:", ({ storage }) => storage.path, "./cache"],
    ["http_timeout: 0", (config) => config.http_timeout, 0],
    ["cache_metadata: false", (config) => config.cache_metadata, false],
    [
      "upstream: {npm: 'https://npm.example/'}",
      ({ upstreams }) => upstreams,
      { npm: { default: "https://npm.example" } },
    ],
    [
      "upstream: {go: 'https://go.example'}",
      ({ upstreams }) => upstreams,
      { golang: { default: "https://go.example" } },
    ],
    [
      "upstream: {allow_private_hosts: [a.corp], allow_loopback: true}\nallow_private: [10.1.0.0/16]",
      (config) => config.allow_private,
      ["10.1.0.0/16", "a.corp", "127.0.0.0/8", "::1"],
    ],
    [
      "cooldown: {ecosystems: {npm: 7d, go: 48h}}",
      ({ cooldown }) => cooldown.ecosystems,
      { npm: 604_800_000, golang: 172_800_000 },
    ],
    ["cooldown: {packages: {'pkg:npm/@a/b': 0}}", ({ cooldown }) => cooldown.packages, { "pkg:npm/%40a/b": 0 }],
    [
      "cooldown: {packages: {'pkg:npm/%40a/b': 1d}}",
      ({ cooldown }) => cooldown.packages,
      { "pkg:npm/%40a/b": 86_400_000 },
    ],
    [
      "mounts: {npm-b: {ecosystem: npm, upstreams: {default: 'https://b.example/'}, options: {suites: [a, b]}, metadata_ttl: 1m}}",
      ({ mounts }) => mounts,
      {
        "npm-b": {
          ecosystem: "npm",
          upstreams: { default: ["https://b.example"] },
          options: { suites: ["a", "b"] },
          allow_hosts: [],
          addresses: [],
          packages: [],
          metadata_ttl: 60_000,
        },
      },
    ],
    [
      "mounts: {m: {ecosystem: maven, upstreams: {default: ['https://a.example', 'https://b.example']}}}",
      ({ mounts }) => mounts["m"]!.upstreams,
      { default: ["https://a.example", "https://b.example"] },
    ],
  ];
  test.each(values)("%s", (yaml, pick, expected) => expect(pick(load({ file: write(yaml) }).config)).toEqual(expected));
});

test("a folder set nearer to the user wins over a URL set further away", () => {
  const file = write("storage: {url: 'file:///a'}");
  expect(load({ file, flags: { "storage.path": "/b" } }).config.storage.path).toBe("/b");
  expect(
    load({ file, env: { PROXY_STORAGE_PATH: "/b" }, flags: { "storage.url": "file:///c" } }).config.storage.path,
  ).toBe("/c");
});

describe("credentials", () => {
  const auth = (fields: string) => `upstream: {auth: {"https://npm.example/team/": ${fields}}}`;
  const env = { TOKEN: "s3cret" };
  const headers: [string, string, string][] = [
    [`{type: bearer, token: '\${TOKEN}'}`, "authorization", "Bearer s3cret"],
    [`{type: basic, username: me, password: 'x-\${TOKEN}'}`, "authorization", `Basic ${btoa("me:x-s3cret")}`],
    [`{type: basic, username: '\${TOKEN}', password: ''}`, "authorization", `Basic ${btoa("s3cret:")}`],
    ["{type: header, header_name: X-Auth, header_value: a}", "X-Auth", "a"],
  ];
  test.each(headers)("%s", (fields, header, value) => {
    const { config, settings } = load({ file: write(auth(fields)), env });
    expect(config.credentials).toEqual([{ scope: "https://npm.example/team", header, value }]);
    expect(settings.map(({ value: shown }) => shown)).toEqual(["(set)"]);
  });

  const wrong: [string, RegExp][] = [
    [`{type: bearer, token: '\${NONE}'}`, /token: the environment variable NONE is not set$/],
    ['{type: bearer, token: "s3cret\\n"}', /token \(config.yaml\): expected text in one line$/],
    ["{type: bearer, tokn: s3cret}", /tokn \(config.yaml\): no such key; did you mean .*token\?$/],
    ["{type: ecs}", /type \(config.yaml\): expected bearer, basic or header$/],
    [
      "{type: ecr, region: s3cret}",
      /type \(config.yaml\): this version does not fetch tokens of ECR: write `type: basic`/,
    ],
  ];
  test.each(wrong)("%s is refused without showing it", (fields, expected) => {
    const problems = problemsOf({ file: write(auth(fields)), env });
    expect(problems.some((problem) => expected.test(problem))).toBe(true);
    expect(problems.join("\n")).not.toContain("s3cret");
  });
});

describe("what is wrong", () => {
  test.each([
    ["a.yaml", "listen: ':1'\nhosts: [\n", /^a\.yaml: YAML .*\(line 3, column 1: ./],
    ["a.json", '{\n  "listen": ]\n}', /^a\.json: JSON .*\(line 2, column \d+: ./],
  ])("%s that cannot be read is told with the place", (name, text, expected) => {
    expect(problemsOf({ file: write(text, name) })).toEqual([expect.stringMatching(expected) as string]);
  });
  const files: [yaml: string, ...problems: string[]][] = [
    ...["denylist: {a: 1}", "scanning: {enabled: true}", "cooldown: {package_patterns: {a: 1d}}"].map(
      (yaml): [string, string] => [
        yaml,
        `${yaml.startsWith("cooldown") ? "cooldown.package_patterns" : yaml.split(":")[0]} (config.yaml): this version does not have it; it is refused since it would protect nobody here: remove it to start without it`,
      ],
    ),
    [
      "upstream: {debian_repositories: {a: 'https://a.example'}}",
      "upstream.debian_repositories (config.yaml): this version serves each repository from a mount of its own: write `mounts: { NAME: { ecosystem: debian, upstreams: { default: URL } } }`, and clients use /NAME",
    ],
    [
      "upstream: {oci_mirrors: {a: [b]}}",
      "upstream.oci_mirrors (config.yaml): this version names an upstream by the registry whose images it has: write `upstream: { oci: { registry.example: URL } }`",
    ],
    [
      "upstream: {auth: {npm: {type: bearer, token: a}}}",
      "upstream.auth.npm (config.yaml): the name is not usable: credentials are given by the URL of the registry that they are sent to; expected a URL such as https://registry.example/path",
    ],
    [
      "storage: {cache_artifacts: false}",
      "storage.cache_artifacts = false (config.yaml): this version stores every file that it serves; `storage.max_size` bounds what is kept",
    ],
    ["lsiten: 1", "lsiten (config.yaml): no such key; did you mean listen?"],
    ["storage: {max_sise: 1}", "storage.max_sise (config.yaml): no such key; did you mean storage.max_size?"],
    ["max_size: 1GB", "max_size (config.yaml): no such key; did you mean storage.max_size?"],
    [
      "mounts: {a: {ecosystem: npm, alow_hosts: x}}",
      "mounts.a.alow_hosts (config.yaml): no such key; did you mean mounts.a.allow_hosts?",
    ],
    ["unheard: 1", "unheard (config.yaml): no such key"],
    ["listen: 70000", "listen = 70000 (config.yaml): expected HOST:PORT, :PORT or PORT"],
    [
      "http_timeout: 30",
      "http_timeout = 30 (config.yaml): expected a duration: 0, or a number with ms, s, m, h or d (500ms, 30s, 1h30m, 3d)",
    ],
    ["log: loud", 'log = "loud" (config.yaml): expected keys and values'],
    ["hosts: {a: 1}", 'hosts = {"a":1} (config.yaml): expected a list'],
    [
      "trusted_proxies: [10.0.0.1, 10.0.0.0/33]",
      'trusted_proxies.1 = "10.0.0.0/33" (config.yaml): expected an IP address or a network such as 10.0.0.0/8',
    ],
    [
      "storage: {url: 's3://bucket'}",
      'storage.url = "s3://bucket" (config.yaml): s3:// is not supported by this version; expected file://',
    ],
    [
      "database: {driver: postgres}",
      'database.driver = "postgres" (config.yaml): postgres is not supported by this version; expected sqlite',
    ],
    [
      "base_url: 'ftp://u:p@a.example'",
      'base_url = "ftp://***@a.example" (config.yaml): expected a URL that starts with http:// or https://',
    ],
    [
      "mounts: {a b: {ecosystem: npm}}",
      "mounts.a b (config.yaml): the name is not usable: expected a name of lowercase letters, digits, - and _",
    ],
    [
      "mounts: {api: {ecosystem: npm}}",
      "mounts.api (config.yaml): the name is not usable: /api belongs to the proxy itself; expected another name",
    ],
    [
      "mounts: {a: {ecosystem: npn}}",
      'mounts.a.ecosystem = "npn" (config.yaml): expected npm, pypi, cargo, golang or maven',
    ],
    ["mounts: {a: {}}", "mounts.a.ecosystem (config.yaml): expected npm, pypi, cargo, golang or maven"],
    [
      "cooldown: {ecosystems: {nmp: 1d}}",
      "cooldown.ecosystems.nmp (config.yaml): the name is not usable: expected npm, pypi, cargo, golang or maven",
    ],
    [
      "cooldown: {packages: {'pkg:npm/a@1': 1d}}",
      "cooldown.packages.pkg:npm/a@1 (config.yaml): the name is not usable: expected a package URL without version, such as pkg:npm/lodash",
    ],
    [
      "concurrency: 0\nlog: {level: loud}\nmetadata_ttl: soon",
      'log.level = "loud" (config.yaml): expected debug, info, warn or error',
      'metadata_ttl = "soon" (config.yaml): expected a duration: 0, or a number with ms, s, m, h or d (500ms, 30s, 1h30m, 3d)',
      "concurrency = 0 (config.yaml): expected a whole number, at least 1",
    ],
  ];
  test.each(files)("%s", (yaml, ...problems) => expect(problemsOf({ file: write(yaml) })).toEqual(problems));

  test("in the environment and in flags", () => {
    const env = { PROXY_OFFLINE: "maybe", PROXY_HOSTS: "a.example,b c" };
    expect(problemsOf({ env, flags: { listen: "x" } })).toEqual([
      'listen = "x" (flag --listen): expected HOST:PORT, :PORT or PORT',
      'hosts = "a.example,b c" (environment variable PROXY_HOSTS): expected a host name or address, with or without a port',
      'offline = "maybe" (environment variable PROXY_OFFLINE): expected true or false',
    ]);
  });

  const unreadable: [string, string, RegExp][] = [
    ["b.ini", "", /^b\.ini: expected a file named \.yaml, \.yml, \.json or \.toml$/],
    ["b.yaml", "a: [", /^b\.yaml: YAML/],
    ["b.json", "{", /^b\.json: JSON/],
    ["b.toml", "a = 1\nb = [", /^b\.toml: TOML/],
    ["c.yaml", "- a", /^c\.yaml: expected keys and values, found \["a"\]$/],
  ];
  test.each(unreadable)("a file that cannot be read: %s", (name, text, expected) => {
    const problems = problemsOf({ file: write(text, name) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(expected);
  });

  test("a file that is not there", () => {
    expect(problemsOf({ file: join(folder, "none.yaml") })[0]).toStartWith("none.yaml cannot be read: ENOENT");
  });
});

describe("what has no effect is said", () => {
  const warnings: [yaml: string, ...RegExp[]][] = [
    ["upstream: {rpm: 'https://d.example'}", /^upstream\.rpm \(.*\) has no effect: this version has no ecosystem rpm$/],
    ["upstream: {homebrew_api: 'https://d.example'}", /^upstream\.homebrew_api \(.*\) .* no ecosystem homebrew$/],
    ["url_proxy: {enabled: true}", /^url_proxy .* serves no files by their addresses; packages come through mounts$/],
    [
      "cooldown: {ecosystems: {hex: 3d, conda: 2h}}",
      /^cooldown\.ecosystems\.hex \(.*\) has no effect: this version has no ecosystem hex$/,
      /^cooldown\.ecosystems\.conda /,
    ],
    ["storage: {direct_serve: true}", /^storage\.direct_serve .* has no effect/],
    ["gradle: {build_cache: {read_only: true}}", /^gradle\.build_cache\.read_only .* no Gradle build cache$/],
    ["access_log: {trust_forwarded_for: true}", /^access_log\.trust_forwarded_for .* `trusted_proxies` says/],
    ["storage: {retention: {max_age: 30d}}", /^storage\.retention .* has no effect/],
    ["database: {url: 'postgres://u:p@h/d'}", /^database\.url .* only SQLite/],
  ];
  test.each(warnings)("%s", (yaml, ...expected) => {
    const { warnings: found, settings } = load({ file: write(yaml) });
    expect(found).toHaveLength(expected.length);
    for (const [i, warning] of found.entries()) expect(warning).toMatch(expected[i]!);
    // Of a map of several ecosystems those that are there may have an effect.
    expect(settings.map(({ key }) => key)).toEqual(yaml.startsWith("cooldown") ? ["cooldown.ecosystems"] : []);
  });

  test("a misspelt variable, but not another program's", () => {
    const env = {
      PROXY_LISTN: ":1",
      PROXY_SERVICE_HOST: "10.0.0.1",
      PROXY_PORT: "tcp://10.0.0.1:80",
      PROXY_PORT_80_TCP_ADDR: "10.0.0.1",
      PROXY_SCANNING_ENABLED: "false",
    };
    expect(load({ env }).warnings).toEqual([
      "environment variable PROXY_LISTN is not known and has no effect; did you mean PROXY_LISTEN?",
      "environment variable PROXY_SCANNING_ENABLED is not known and has no effect",
    ]);
  });

  test("a variable that would protect elsewhere is refused, as its key in a file is", () => {
    expect(() => load({ env: { PROXY_SCANNING_ENABLED: "true" } })).toThrow(
      /^environment variable PROXY_SCANNING_ENABLED: this version does not have it; it is refused/,
    );
  });
});
