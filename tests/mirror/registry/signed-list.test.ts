/** What the catalog of an APT repository reads is what somebody signed whom the mount trusts. */
import { afterAll, expect, test } from "bun:test";
import { debian } from "../../../ecosystems/debian.ts";
import { messageOf } from "../../../src/lib/errors.ts";
import { UpstreamReader } from "../../../src/mirror/registry/reader.ts";
import { makeMount } from "../../../src/mounts/mounts.ts";
import { engine } from "../../support/engine.ts";
import { type Fault, failing, instead, wrongBytes } from "../../support/faults.ts";
import { type Key, makeDebian, makeKey } from "../../support/registries/debian.ts";
import { type Entry, entryAt } from "../../support/tree.ts";
import { startUpstream } from "../../support/upstream.ts";

const RELEASE = "/dists/stable/Release";
const INRELEASE = "/dists/stable/InRelease";
const REFUSED = /^\S+ is withheld: its openpgp signature is not one that mounts\.debian\.trust accepts: expected a sig/;

const hasGpg = Bun.which("gpg") !== null;
const unsigned: Key = {
  file: "",
  sign: () => Promise.resolve({ inline: "", detached: "" }),
  remove: () => Promise.resolve(),
};
const key = () => (hasGpg ? makeKey() : unsigned);
const [archive, stranger, parts, upstream] = await Promise.all([key(), key(), engine(), startUpstream()]);
const packages = [{ name: "fx-a", versions: { "1.0": {} } }];
const ours = await makeDebian(packages, archive);
const theirs = await makeDebian([...packages, { name: "fx-theirs", versions: { "1.0": {} } }], stranger);
afterAll(async () => {
  await Promise.all([archive.remove(), stranger.remove(), parts.close(), upstream.close()]);
});

const none = failing(404);
const noSignature = { [INRELEASE]: none, [`${RELEASE}.gpg`]: none };
const anotherSignature = { [INRELEASE]: none, [`${RELEASE}.gpg`]: instead(entryAt(ours, `${RELEASE}.gpg`)) };
const asAnError: Entry = { ...entryAt(theirs, INRELEASE), status: 416 };

/** Names of packages, or what is wrong; and how many indexes were asked for. */
async function list(tree: typeof ours, faults: Record<string, Fault>, keys = [archive.file]) {
  const base = upstream.mount("/apt", () => tree);
  upstream.heal();
  upstream.forget();
  for (const [path, fault] of Object.entries(faults)) upstream.fault(new RegExp(`${path}$`), fault);
  const files = await Promise.all(keys.map(async (file) => ({ file, bytes: await Bun.file(file).bytes() })));
  const mount = makeMount("debian", debian, {
    upstreams: { default: base },
    ttl: 0,
    options: { suites: ["stable"] },
    ...(files.length > 0 && { trust: { keys: files, require: [], signers: {} } }),
  });
  const reader = new UpstreamReader(mount, parts.cache.context.upstream, async () => ({}));
  const said = await Array.fromAsync(debian.catalog!.list!(reader)).then(
    (pages) => pages.flatMap(({ events }) => events.map((event) => "package" in event && event.package.name)).join(),
    messageOf,
  );
  return { said, indexes: upstream.count(/by-hash/) };
}

const taken: [string, Record<string, Fault>][] = [
  ["in itself", {}],
  ["beside it", { [INRELEASE]: none }],
];

test.skipIf(!hasGpg).each(taken)("a list that is signed %s is taken", async (_, faults) => {
  expect(await list(ours, faults)).toEqual({ said: "fx-a", indexes: 1 });
});

const refused: [string, typeof ours, Record<string, Fault>][] = [
  ["signed by a stranger", theirs, {}],
  ["signed by a stranger beside it", theirs, { [INRELEASE]: none }],
  ["signed by nobody", ours, noSignature],
  ["with the signature of another", theirs, anotherSignature],
  ["in an answer that is not meant to be one", ours, { [INRELEASE]: instead(asAnError) }],
];

test.skipIf(!hasGpg).each(refused)(
  "a list %s is refused before anything that it names is asked for",
  async (_, tree, faults) => {
    const { said, indexes } = await list(tree, faults);
    expect(said).toMatch(REFUSED);
    expect(indexes).toBe(0);
  },
);

test.skipIf(!hasGpg)("a list whose index is another than was signed is refused", async () => {
  const { said } = await list(ours, { "by-hash/.*": wrongBytes() });
  expect(said).toMatch(/by-hash\/SHA512\/\w+: expected sha512:\w+, found sha512:/);
});

test.skipIf(!hasGpg)("a list is taken as it is where nobody is trusted", async () => {
  expect((await list(theirs, {}, [])).said).toEqual("fx-a,fx-theirs");
});
