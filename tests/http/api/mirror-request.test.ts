/** What a request for a mirror job may be, and how it is told what is wrong with it. */
import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LARGE, mirrorApiOf, PURL } from "../../support/mirror-api.ts";

type Api = Awaited<ReturnType<typeof mirrorApiOf>>;

const sbom = (...purls: string[]) => ({
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  components: purls.map((purl) => ({ type: "library", name: purl, purl })),
});
/** Of a PyPI project; nothing here serves those, so that they are put aside. */
const LOCKFILE = "six==1.16.0 --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926\n";

const upload = (all: Api, contentType: string, body: NonNullable<RequestInit["body"]>, query = "") =>
  all.ask(query, { method: "POST", body, headers: { "content-type": contentType } });

const form = (all: Api, fields: [string, string | File][]) => {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return all.ask("", { method: "POST", body: data });
};

/** The package URLs that a job is to hold. */
const tasksOf = (all: Api, id: string) =>
  all.database.orm
    .all<{ purl: string }>(`SELECT json_extract(task, '$.purl') AS purl FROM mirror_tasks WHERE job = '${id}'`)
    .map(({ purl }) => purl)
    .toSorted();

const nothingLeft = async (all: Api) =>
  (await readdir(join(all.dir, "parts-v1"))).filter((name) => name.startsWith("upload-"));

test("SBOMs in JSON as a document, as a text, and several; entries that no registry has are told", async () => {
  await using all = await mirrorApiOf();
  const made = await all.json({ sbom: sbom(PURL, "pkg:deb/debian/zlib@1") });
  expect(made.body.asides).toEqual({
    count: 1,
    first: [
      {
        what: "pkg:deb/debian/zlib",
        reason: expect.stringContaining('type "deb"') as string,
        place: expect.any(String) as string,
      },
    ],
  });
  expect(tasksOf(all, made.body.id)).toEqual([PURL]);
  const both = await all.make({
    sbom: [JSON.stringify(sbom(PURL)), sbom(LARGE)],
    lockfile: { name: "requirements.txt", content: LOCKFILE },
  });
  expect(tasksOf(all, both)).toEqual([LARGE, PURL]);
});

test("a form with files: SBOMs, lockfiles, a list of package URLs, and fields", async () => {
  await using all = await mirrorApiOf();
  const { status, body } = await form(all, [
    ["sbom", new File([JSON.stringify(sbom(PURL))], "a.cdx.json")],
    ["lockfile", new File([LOCKFILE], "requirements.txt")],
    ["purls", new File([`# for people\n${LARGE} # too\n\n`], "list.txt")],
    ["purls", "pkg:files/file@one"],
    ["purls", "pkg:files/file@two"],
    ["concurrency", "3"],
    ["no_sources", "true"],
    ["refresh", "false"],
    ["max_size", "10MB"],
    ["deps", "prod"],
    ["platform", "linux-x64"],
  ]);
  expect(status).toBe(202);
  expect(body.asides.count).toBe(1);
  expect(tasksOf(all, body.id)).toEqual([LARGE, "pkg:files/file@one", PURL, "pkg:files/file@two"]);
  expect((await all.store.find(body.id))?.spec).toEqual({
    title: "pkg:files/file@one, pkg:files/file@two, list.txt and 2 more",
    // The owner of its pins.
    sources: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    runBy: "server",
    choice: { platforms: [{ os: "linux", arch: "x64" }], sources: false, maxSize: 10_000_000 },
    closure: "prod",
    concurrency: 3,
    refresh: false,
  });
  expect(await nothingLeft(all)).toEqual([]);
});

test("malformed entries of an SBOM are listed, or refused where the request is strict", async () => {
  await using all = await mirrorApiOf();
  const odd = {
    ...sbom(PURL),
    components: [...sbom(PURL).components, { type: "library", name: "x", purl: "pkg:files/" }],
  };
  const lax = await all.json({ sbom: odd });
  expect([lax.status, lax.body.asides?.count]).toEqual([202, 1]);
  const strict = await all.json({ sbom: odd, strict: true });
  expect([strict.status, strict.body.errors?.[0]?.field]).toEqual([400, "sbom"]);
});

test("an SBOM as the body, with the options in the query", async () => {
  await using all = await mirrorApiOf();
  const { body } = await upload(
    all,
    "application/vnd.cyclonedx+json; version=1.6",
    JSON.stringify(sbom(PURL)),
    "?refresh&concurrency=2",
  );
  expect(tasksOf(all, body.id)).toEqual([PURL]);
  expect((await all.store.find(body.id))?.spec).toMatchObject({ refresh: true, concurrency: 2 });
  const xml = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component type="library"><name>x</name><purl>${LARGE}</purl></component></components></bom>`;
  expect(tasksOf(all, (await upload(all, "application/vnd.cyclonedx+xml", xml)).body.id)).toEqual([LARGE]);
  const text = `SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: x\nPackageName: x\nSPDXID: SPDXRef-x\nPackageDownloadLocation: NOASSERTION\nExternalRef: PACKAGE-MANAGER purl ${PURL}\n`;
  expect(tasksOf(all, (await upload(all, "text/spdx", text)).body.id)).toEqual([PURL]);
});

test("every field that is wrong is named at once, and nothing is recorded", async () => {
  await using all = await mirrorApiOf();
  const { status, body } = await all.json({
    purls: [PURL, "pkg:none/x@1", "not a purl", 7],
    set: ["absent"],
    mount: "absent",
    platform: "plan9",
    deps: "some",
    max_size: "huge",
    sbom: "]",
    lockfile: [{ name: "package-lock.json", content: "{" }],
    concurrency: 1_000,
    registry: "npm",
    dry_run: "perhaps",
    unknown: true,
  });
  expect(status).toBe(400);
  expect(Object.fromEntries(body.errors.map(({ field, message }) => [field, message]))).toEqual({
    "purls[1]": expect.stringContaining('no ecosystem serves the type "none"') as string,
    "purls[2]": expect.stringContaining("is not a package URL") as string,
    "purls[3]": "expected a package URL",
    "set[0]": "there is no set absent",
    mount: expect.stringContaining("there is no such mount; expected files") as string,
    platform: expect.stringContaining("is no platform") as string,
    deps: "expected none, prod or all",
    max_size: expect.stringContaining("expected a size") as string,
    sbom: expect.stringContaining("sbom: is no SBOM") as string,
    lockfile: expect.stringContaining("package-lock.json: ") as string,
    concurrency: "expected at most 16, four times the configured concurrency",
    registry: expect.stringContaining("there is no such mount; expected files") as string,
    dry_run: "expected true or false",
    unknown: "there is no such field",
  });
  expect((await all.ask()).body.jobs).toEqual([]);
});

test("what is wrong with documents is told with its place, of all of them, and nothing is recorded", async () => {
  await using all = await mirrorApiOf();
  const { status, body } = await form(all, [
    ["purls", PURL],
    ["purls", new File([`${PURL}\npkg:none/x\n`], "list.txt")],
    ["sbom", new File(['{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ['], "cut.json")],
    ["sbom", new File([JSON.stringify(sbom(PURL))], "good.json")],
    ["lockfile", new File(["six==1.16.0 --hash=md5"], "requirements.txt")],
    ["lockfile", new File(["what is this"], "unknown.lock")],
  ]);
  expect(status).toBe(400);
  expect(body.errors.map(({ field }) => field)).toEqual(["purls", "sbom", "lockfile", "lockfile"]);
  const reasons = [/list\.txt: line 2: .*type "none"/, /cut\.json: /, /requirements\.txt: .*line 1/, /unknown\.lock/];
  for (const [at, reason] of reasons.entries()) expect(body.errors[at]?.message).toMatch(reason);
  const both = await form(all, [
    ["platform", "plan9"],
    ["sbom", new File(["{"], "cut.json")],
  ]);
  expect(both.body.errors.map(({ field }) => field)).toEqual(["platform", "sbom"]);
  expect((await all.ask()).body.jobs).toEqual([]);
  expect(await nothingLeft(all)).toEqual([]);
});

test("bodies that cannot be read", async () => {
  await using all = await mirrorApiOf();
  const deep = `{"sbom": ${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}}`;
  for (const [type, body, status, reason] of [
    ["application/json", "{", 400, "no JSON"],
    ["application/json", "[]", 400, "expected an object"],
    ["application/json", '"text"', 400, "expected an object"],
    ["application/json", "{}", 400, "expected something to mirror"],
    ["application/json", deep, 400, "nested more than 500 levels deep"],
    ["application/json", `{"purls": "${"[".repeat(1_000)}\\"${"{".repeat(1_000)}"}`, 400, "purls"],
    ["application/json", new Uint8Array([0xff, 0xfe]), 400, "not UTF-8"],
    ["text/plain", PURL, 415, 'of type "text/plain" is not known; expected application/json'],
    ["multipart/form-data", "x", 415, "with a boundary"],
    ["multipart/form-data; boundary=b", "--b\r\n", 400, "the form ends before"],
    ["application/vnd.cyclonedx+json", "", 400, ""],
    ["text/spdx", "\0\0\0", 400, ""],
  ] as const) {
    const answer = await upload(all, type, body);
    expect([type, answer.status, answer.body.detail]).toEqual([
      type,
      status,
      expect.stringContaining(reason) as string,
    ]);
  }
  const encoded = { "content-type": "application/json", "content-encoding": "gzip" };
  expect((await all.ask("", { method: "POST", body: "x", headers: encoded })).status).toBe(415);
  const wrongFile = await form(all, [
    ["platform", new File(["x"], "x")],
    ["purls", PURL],
  ]);
  expect(wrongFile.body.errors).toEqual([
    { field: "platform", message: "no file is taken here; files are purls, sbom, lockfile, images" },
  ]);
  expect((await all.ask()).body.jobs).toEqual([]);
  expect(await nothingLeft(all)).toEqual([]);
});

test("too much is refused: what its length says at once, the rest when it is there", async () => {
  await using all = await mirrorApiOf({
    config: { mirror: { max_jobs: 1, max_waiting: 10, max_tasks: 10, max_upload: 100_000, rate: 0 } },
  });
  const large = JSON.stringify(sbom(PURL)) + " ".repeat(200_000);
  expect(await upload(all, "application/vnd.cyclonedx+json", large)).toMatchObject({
    status: 413,
    body: { detail: "a request may have at most 100000 bytes" },
  });
  async function* streamed() {
    for (let sent = 0; sent < 30; sent++) yield new Uint8Array(10_000).fill(32);
  }
  expect(await upload(all, "application/vnd.cyclonedx+json", streamed() as never)).toMatchObject({ status: 413 });
  expect((await form(all, [["sbom", new File([large], "x.json")]])).status).toBe(413);

  await using wide = await mirrorApiOf();
  const padded = JSON.stringify({ purls: [PURL], platform: " ".repeat(17 * 2 ** 20) });
  expect(await upload(wide, "application/json", padded)).toMatchObject({
    status: 413,
    body: { detail: expect.stringContaining("larger documents: as a form with files") as string },
  });
  expect((await form(wide, [["platform", " ".repeat(17 * 2 ** 20)]])).status).toBe(413);
  expect(await nothingLeft(all)).toEqual([]);
});

test("what is small is read here, what is large in another process, whatever it is sent as", async () => {
  await using all = await mirrorApiOf();
  const list = (count: number) => `${PURL}\n`.repeat(count);
  const small = [
    await all.json({ purls: [PURL] }),
    await form(all, [["purls", new File([list(100)], "list")]]),
    await upload(all, "text/spdx", "x".repeat(60_000)),
  ];
  expect(small.map(({ status }) => status)).toEqual([202, 202, 400]);
  expect(all.takenApart.length).toBe(0);
  const large = [
    await all.json({ purls: Array(10_000).fill(PURL) }),
    await form(all, [["purls", new File([list(10_000)], "list")]]),
    await upload(all, "text/spdx", "x".repeat(70_000)),
    await all.json({ purls: Array(10_000).fill("pkg:none/x") }),
    await all.json({ purls: Array(10_000).fill(PURL), dry_run: true }),
  ];
  expect(large.map(({ status }) => status)).toEqual([202, 202, 400, 400, 200]);
  expect(all.takenApart.length).toBe(5);
  expect(large[3]!.body.errors).toBeArrayOfSize(1_000);
});
