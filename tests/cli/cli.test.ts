import { afterAll, afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { resolve } from "node:path";
import { run } from "#src/cli/cli.ts";
import type { Command, Invocation } from "#src/cli/command.ts";
import { configCheck } from "#src/cli/commands/config.ts";
import { version } from "#src/cli/commands/version.ts";
import { BadRequest, UpstreamFailed } from "#src/lib/errors.ts";
import { configureLog } from "#src/lib/log.ts";
import { npm } from "../../ecosystems/npm.ts";

let out: string[] = [];
let errors: string[] = [];
let called: (Omit<Invocation, "load"> & { name: string }) | undefined;

const spies = [
  spyOn(console, "log").mockImplementation((line: string) => void out.push(line)),
  spyOn(console, "info").mockImplementation((line: string) => void out.push(line)),
  spyOn(console, "error").mockImplementation((...line: unknown[]) => void errors.push(line.join(" "))),
];
beforeEach(() => {
  [out, errors, called] = [[], [], undefined];
});
afterEach(() => configureLog("info", "text"));
afterAll(() => {
  for (const spy of spies) spy.mockRestore();
});

const command = (name: string, rest: Partial<Command> = {}): Command => ({
  name,
  describe: `Do ${name}.`,
  action: async ({ args, flags, load }) => {
    await load();
    called = { name, args, flags };
    return 0;
  },
  ...rest,
});
const fails = (error: Error) => ({
  action: async () => {
    throw error;
  },
});

const commands = [
  command("serve"),
  command("mirror", {
    args: "<...purls>",
    options: [
      { flag: "--dry-run", describe: "Write nothing" },
      { flag: "--popular <n>", describe: "How many", default: "10" },
      { flag: "--platform <list>", describe: "For these", group: "Which of it" },
      { flag: "--deps [which]", describe: "Theirs too", group: "Which of it" },
    ],
  }),
  command("refuse", fails(new BadRequest("no such package"))),
  command("break", fails(new Error("out of order"))),
  command("unplug", fails(new UpstreamFailed("registry.example cannot be reached"))),
  command("fill", fails(Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", syscall: "write" }))),
  command("three", { action: async () => 3 }),
  command("jobs"),
  command("jobs show", { args: "<id>" }),
  command("jobs cancel", { args: "<id>" }),
  configCheck,
  version,
];
const proxy = (line: string, env: Record<string, string> = {}) =>
  run(line.split(" ").filter(Boolean), commands, {
    ecosystems: ["npm"],
    env,
    loadPlugins: async () => ({ sources: [], refused: [], ecosystems: [npm] }),
  });

const calls: [line: string, called: object][] = [
  ["", { name: "serve", args: [], flags: {} }],
  ["--offline", { name: "serve", args: [], flags: { offline: true } }],
  ["-listen :0 serve", { name: "serve", args: [], flags: { listen: ":0" } }],
  ["mirror a b -dry-run", { name: "mirror", args: ["a", "b"], flags: { "dry-run": true, popular: "10" } }],
  ["mirror --popular 1.10 a", { name: "mirror", args: ["a"], flags: { popular: "1.10" } }],
];
test.each(calls)("proxy %s", async (line, expected) => {
  expect(await proxy(line)).toBe(0);
  expect(called).toEqual(expected as never);
});

const mistakes: [line: string, message: string][] = [
  ["srve", 'there is no command "srve"; did you mean serve?'],
  ["unheard", 'there is no command "unheard"; there is serve, mirror, '],
  ["help unheard", 'there is no command "unheard"; there is serve, mirror, '],
  ["config", 'there is no command "config"; there is config check'],
  ["help mirrr", 'there is no command "mirrr"; did you mean mirror?'],
  ["--lsiten :1", "there is no flag --lsiten; did you mean --listen?"],
  ["mirror --dryrun a", "there is no flag --dryrun; did you mean --dry-run?"],
  ["serve --dry-run", "serve has no flag --dry-run"],
  ["mirror", "missing required args for command `mirror <...purls>`"],
  ["serve now", "serve takes no words; found also now"],
  ["config chekc", 'there is no command "config chekc"; did you mean config check?'],
  ["jobs shwo 7", 'there is no command "jobs shwo"; did you mean jobs show?'],
  ["jobs everything", 'there is no command "jobs everything"; there is jobs show, jobs cancel'],
  ["jobs show 7 8", "jobs show takes <id>; found also 8"],
  ["mirror --popular= a", "--popular is empty; say what it is to be, or leave it out"],
  ["mirror --platform= a", "--platform is empty; say what it is to be, or leave it out"],
  ["--listen", "--listen needs a value"],
  ["--listen nowhere", 'listen = "nowhere" (flag --listen): expected HOST:PORT, :PORT or PORT'],
  ["--config none.yaml", "none.yaml cannot be read: ENOENT"],
  ["refuse", "no such package"],
];
test.each(mistakes)("proxy %s is a mistake", async (line, message) => {
  expect(await proxy(line)).toBe(2);
  expect(errors.join("\n")).toStartWith(`proxy: ${message}`);
  expect(called).toBeUndefined();
});

test("the exit code is the command's, and 1 where it fails", async () => {
  expect(await proxy("three")).toBe(3);
  expect(await proxy("break")).toBe(1);
  expect(errors.join("")).toContain("out of order");
  errors = [];
  expect([await proxy("unplug"), await proxy("fill")]).toEqual([1, 1]);
  expect(errors).toEqual([
    "proxy: registry.example cannot be reached",
    "proxy: the disk is full: ENOSPC: no space left",
  ]);
});

const helps: [line: string, ...contains: string[]][] = [
  ["--help", "serve ", "mirror <...purls>", "config check", "help [command]", "--log-level <value>", "--version"],
  ["help", "serve ", "mirror <...purls>"],
  ["help help", "serve "],
  ["mirror -h", "$ proxy mirror <...purls>", "--dry-run", "--popular <n>", "(default: 10)", "--config <file>"],
  [
    "mirror --help",
    "Do mirror.",
    "\nOptions:\n  --dry-run",
    "\nWhich of it:\n  --platform",
    "--deps[=which] ",
    "\nSettings:\n  --config",
  ],
  [
    "help jobs",
    "$ proxy jobs\n",
    "\nCommands:\n  jobs show <id>    Do jobs show.\n  jobs cancel <id>  Do jobs cancel.",
  ],
  ["config --help", "\nCommands:\n  config check  "],
  ["help config check", "$ proxy config check", "--storage-path <value>"],
];
test.each(helps)("proxy %s", async (line, ...contains) => {
  expect(await proxy(line)).toBe(0);
  for (const text of contains) expect(out.join("\n")).toContain(text);
  expect(called).toBeUndefined();
});

test("what has no effect is not shown, and taken", async () => {
  expect(await proxy("mirror --help")).toBe(0);
  expect(out.join("\n")).not.toContain("--database-url");
  expect(await proxy("mirror a --database-url=x")).toBe(0);
});

test.each(["version", "--version", "-v", "serve --version"])("proxy %s", async (line) => {
  expect(await proxy(line)).toBe(0);
  expect(out.join("")).toMatch(/^proxy \d+\.\d+\.\d+ \(Bun /);
});

test("config check tells what is not as by default, and from where", async () => {
  expect(await proxy("config check -storage-path x", { PROXY_NEGATIVE_TTL: "1m", PROXY_METADATA_TTL: "10m" })).toBe(0);
  expect(out).toEqual([
    'storage.path = "x" (flag --storage-path)',
    'metadata_ttl = "10m" (environment variable PROXY_METADATA_TTL)',
    `store: ${resolve("x")} (will be made)`,
    `database: ${resolve("x/proxy.db")} (inside the store; will be made)`,
    "ok",
  ]);
  expect(await proxy("config check", { PROXY_LOG_LEVEL: "loud", PROXY_WORKERS: "-1" })).toBe(2);
  expect(errors).toEqual([
    `proxy: 2 problems in the configuration:
  log.level = "loud" (environment variable PROXY_LOG_LEVEL): expected debug, info, warn or error
  workers = "-1" (environment variable PROXY_WORKERS): expected a whole number, at least 0`,
  ]);
});

test("an error names the help of its command, or that of all", async () => {
  for (const [line, named] of [
    ["mirror --dryrun a", "proxy help mirror tells"],
    ["jobs show --limit 1 x", "proxy help jobs show tells"],
    ["serve --dry-run", "proxy help serve tells"],
    ["mirror", "proxy help mirror tells"],
    ["--lsiten :1", "proxy help tells"],
    ["mirorr a", "proxy help tells"],
  ] as const) {
    errors = [];
    expect([line, await proxy(line)]).toEqual([line, 2]);
    expect(errors.join("\n")).toContain(named);
  }
});

test("-V and --version tell the version", async () => {
  for (const line of ["-V", "--version", "-version", "version"]) {
    out = [];
    expect(await proxy(line)).toBe(0);
    expect(out.join("\n")).toMatch(/^proxy \d+\.\d+/);
  }
});
