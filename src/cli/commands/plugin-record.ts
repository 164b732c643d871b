/** `proxy plugin record`: real documents of a registry become samples beside its plugin. */
import { appendFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { requireUpstream } from "../../app/profile.ts";
import { mountsOf } from "../../app/runtime.ts";
import { unpack } from "../../cache/documents/unpack.ts";
import { documentAt, sourcesOf } from "../../cache/target.ts";
import type { Config } from "../../config/schema.ts";
import { factsOf } from "../../conformance/sample.ts";
import { mountOf } from "../../conformance/setting.ts";
import type { Path } from "../../contract/ecosystem.ts";
import { isPlain } from "../../contract/plain.ts";
import { BadRequest, messageOf } from "../../lib/errors.ts";
import { VERSION } from "../../lib/version.ts";
import { type Mount, makeMount } from "../../mounts/mounts.ts";
import { type Cases, casesFileOf, readCases } from "../../plugins/cases.ts";
import { loadPlugins } from "../../plugins/load.ts";
import { exampleOf, fileNameOf, isText, redact, trim } from "../../plugins/record.ts";
import { Upstream } from "../../upstream/client.ts";
import type { Command } from "../command.ts";

/** Milliseconds that retries may take. */
const PATIENCE = 10_000;

interface Fetched {
  url: string;
  mediaType: string;
  /** Bytes, where it is no text. */
  content: string | Uint8Array;
}

export const pluginRecord: Command = {
  name: "plugin record",
  args: "<file> <...paths>",
  describe:
    "Fetch documents by their paths below the mount, cut and redact them, and make them samples beside the plugin",
  options: [
    { flag: "--whole", describe: "Cut nothing" },
    {
      flag: "--upstream <url>",
      describe: "The registry's address, where it is not the plugin's own or that of its mount",
    },
  ],
  action: async ({ args: [file = "", ...paths], flags, load }) => {
    const { config } = await load();
    requireUpstream("recording makes", config);
    const { sources, refused, ecosystems } = await loadPlugins([{ file }]);
    const [source] = sources;
    if (!source) throw new BadRequest(refused.flatMap(({ reasons }) => reasons).join("\n"));
    const ecosystem = ecosystems.at(-1)!;
    const own = flags["upstream"] === undefined ? undefined : { default: String(flags["upstream"]) };
    const configured = mountsOf(config, ecosystems).find((each) => each.ecosystem === ecosystem);
    const mount = configured && !own ? configured : makeMount(source.id, ecosystem, { upstreams: own, ttl: 0 });
    const casesFile = casesFileOf(source.file);
    let cases = readCases(casesFile);
    for (const path of paths) {
      const found = await fetchDocument(mount, path, config);
      const sample = sampleOf(mount, path as Path, found, flags["whole"] === true);
      const name = `fixtures/${source.id}/${fileNameOf(path, sample.content)}`;
      const target = join(dirname(source.file), name);
      await mkdir(dirname(target), { recursive: true });
      await Bun.write(target, sample.content);
      const note = `- ${name.split("/").at(-1)}: ${found.url}, ${new Date().toISOString().slice(0, 10)}, ${sample.cuts || "nothing"} cut\n`;
      await appendFile(join(dirname(target), "README.md"), note);
      cases = withSample(cases, mount, { path: path as Path, file: name, mediaType: found.mediaType }, sample.name);
      console.log(note.trimEnd().slice(2));
    }
    await Bun.write(casesFile, `${JSON.stringify(cases, null, 2)}\n`);
    return 0;
  },
};

/** From the first upstream that has it. Throws BadRequest for a path that is no document, or that nobody has. */
async function fetchDocument(mount: Mount, path: string, config: Config): Promise<Fetched> {
  const target = isPlain(path) ? documentAt(mount, path) : undefined;
  if (!target) throw new BadRequest(`${path} is no document of ${mount.ecosystem.id}: no metadata route takes it`);
  const upstream = new Upstream({
    timeout: config.http_timeout,
    patience: PATIENCE,
    credentials: config.credentials,
    allowPrivate: config.allow_private,
    userAgent: `proxy/${VERSION}`,
  });
  const answers: string[] = [];
  for (const url of sourcesOf(target).flatMap(({ urls }) => urls)) {
    const { accept } = target.route;
    const response = await upstream.fetch(mount, url, accept ? { headers: { accept } } : {});
    answers.push(`${url} answered ${response.status}`);
    if (response.status !== 200) continue;
    const sent = new Uint8Array(await response.arrayBuffer());
    const isPacked = target.route.packed === true || response.headers.has("content-encoding");
    const bytes = isPacked ? await unpack(sent, path) : sent;
    const mediaType = (response.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
    return { url, mediaType, content: isText(bytes) ? new TextDecoder().decode(bytes) : bytes };
  }
  throw new BadRequest(`${path} cannot be had: ${answers.join(", ") || "no upstream could have it"}`);
}

/** The shortest form that the plugin still reads; whole where what is cut is none to it, and untouched where it is no text. */
function sampleOf(mount: Mount, path: Path, { content, mediaType }: Fetched, isWhole: boolean) {
  const names = (body: string | Uint8Array) => {
    const { releases } = factsOf(mountOf(mount.ecosystem, examplesOf(mount)), { path, body, mediaType });
    return releases.map(({ name }) => name);
  };
  const whole = { content: typeof content === "string" ? redact(content, mount) : content, cuts: "" };
  const stated = attempt(() => names(whole.content));
  if (stated instanceof Error) console.error(`${path}: the plugin cannot read it: ${stated.message}`);
  if (typeof whole.content !== "string") {
    console.error(`${path}: it is no text, and kept as upstream sent it: look what it holds before you publish it`);
    return { ...whole, name: (stated instanceof Error ? undefined : stated[0]) ?? "" };
  }
  const { text, cuts } = isWhole ? { text: whole.content, cuts: "" } : trim(whole.content);
  const left = attempt(() => names(text));
  const isGood = !(left instanceof Error) && (stated instanceof Error || left.length > 0 || stated.length === 0);
  return {
    ...(isGood ? { content: text, cuts } : whole),
    name: (left instanceof Error ? undefined : left[0]) ?? "",
  };
}

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

function examplesOf(mount: Mount): Record<string, string> {
  return Object.fromEntries(Array.from(mount.upstreams.keys(), (name) => [name, exampleOf(mount, name)]));
}

/** One sample a path: a new one takes the place of the old. */
function withSample(cases: Cases | undefined, mount: Mount, sample: Cases["samples"][0], name: string): Cases {
  const { samples = [], ...rest } = cases ?? { upstreams: examplesOf(mount), name };
  const others = samples.filter(
    ({ path, mediaType }) => path !== sample.path || (mediaType ?? sample.mediaType) !== sample.mediaType,
  );
  return { ...rest, samples: [...others, sample] };
}
