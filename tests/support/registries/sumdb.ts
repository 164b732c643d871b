/** A real Go checksum database for generated modules, as a process: `tests/support/sumdb`, built once into `.tools/`. */
import { mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../temporary-folder.ts";
import { bytesOf, entryAt } from "../tree.ts";
import { type GoPackage, makeGolang } from "./golang.ts";

/** Made by `sumdb -generate`; it signs nothing but the modules of these tests. */
const SIGNER = "PRIVATE+KEY+sum.example+a9b82a62+AaLOi0qjko2F4v4RK6AFExhpFumg5kKwTEn4GHdAByWk";
const VERIFIER = "sum.example+a9b82a62+AZmPmmBUymQCs/01Am54wcp3/Z1h1OGBWEIQ2jZUvGGD";

const SOURCE = join(import.meta.dir, "../sumdb");
const PROGRAM = join(import.meta.dir, "../../../.tools/sumdb");

export interface Sumdb {
  /** `sum.example`: where a proxy serves it, `/sumdb/sum.example/`. */
  readonly name: string;
  /** The verifier key. */
  readonly key: string;
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  /** GOSUMDB for a client that asks the database itself: with a URL, go passes over its GOPROXY. */
  readonly direct: string;
  /** GOSUMDB for a client that asks its GOPROXY (`/sumdb/sum.example/supported` first) and can reach no other. */
  readonly proxied: string;
  close(): Promise<void>;
}

/** Sums of all listed modules; a module that is not among them is answered with 404. */
export async function startSumdb(packages: readonly GoPackage[]): Promise<Sumdb> {
  await build();
  const modules = await temporaryFolder("sumdb-");
  const tree = makeGolang(packages);
  for (const path of tree.keys()) {
    if (/\.(mod|zip)$/.test(path)) await Bun.write(join(modules.path, path), await bytesOf(entryAt(tree, path)));
  }
  const child = Bun.spawn([PROGRAM, "-modules", modules.path], {
    env: { SUMDB_SIGNER: SIGNER },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const url = await firstLine(child.stdout);
  return {
    name: "sum.example",
    key: VERIFIER,
    url,
    direct: `${VERIFIER} ${url}`,
    proxied: VERIFIER,
    async close() {
      await child.stdin.end();
      await child.exited;
      await modules.remove();
    },
  };
}

/** `go build` keeps its own cache: the second time takes a moment. Renamed into place, for tests that run side by side. */
async function build(): Promise<void> {
  const fresh = `${PROGRAM}.${process.pid}`;
  await mkdir(dirname(PROGRAM), { recursive: true });
  const env = { ...process.env, GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local" };
  const child = Bun.spawn(["go", "build", "-o", fresh, "."], { cwd: SOURCE, env, stdio: ["ignore", "pipe", "pipe"] });
  const errors = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`tests/support/sumdb does not build:\n${errors}`);
  await rename(fresh, PROGRAM);
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const bytes of stream) {
    line += decoder.decode(bytes, { stream: true });
    if (line.includes("\n")) return line.slice(0, line.indexOf("\n"));
  }
  throw new Error("The checksum database ended before it listened; its reason stands above.");
}
