import { expect, test } from "bun:test";
import fc from "fast-check";
import { boundaryOf, partsOf } from "../../../src/http/api/multipart.ts";
import { BadRequest } from "../../../src/lib/errors.ts";
import { failure } from "../../support/engine.ts";

type Entry = [name: string, filename: string | undefined, text: string];

async function read(body: Uint8Array, boundary: string, chunk = 7): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const part of partsOf(slices(body, chunk), boundary)) {
    const chunks: Uint8Array[] = [];
    for await (const bytes of part.body) chunks.push(bytes);
    entries.push([part.name, part.filename, Buffer.concat(chunks).toString()]);
  }
  return entries;
}

async function* slices(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const form = (text: string) => Buffer.from(text.replaceAll("\n", "\r\n"));

test("what the platform writes is read as it was, however it is cut", async () => {
  const value = fc.oneof(fc.string(), fc.constantFrom("\r\n", "--", "\r\n--", "\r\n\r\n", "\r\n------WebKit"));
  // A name that spells an escape is not escaped itself, and cannot be told from one: of browsers (%22) or of others (\\").
  const name = fc
    .string({ minLength: 1 })
    .filter((text) => !/[\r\n]|%0[ad]|%22|\\(?:\\|$)/i.test(text) && text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, value, fc.boolean())),
      fc.integer({ min: 1, max: 90 }),
      async (fields, size) => {
        const data = new FormData();
        for (const [key, text, isFile] of fields)
          if (isFile) data.append(key, new File([text], 'a "file".txt'));
          else data.append(key, text);
        const request = new Response(data);
        const boundary = boundaryOf(request.headers.get("content-type")!)!;
        const entries = await read(await request.bytes(), boundary, size);
        // What the platform itself would read of it.
        expect(entries.map(([, filename, text]) => [filename !== undefined, text])).toEqual(
          fields.map(([, text, isFile]) => [isFile, isFile ? text : Buffer.from(text).toString()]),
        );
        expect(entries.map(([key]) => key)).toEqual(fields.map(([key]) => key));
      },
    ),
    { numRuns: 200 },
  );
}, 20_000);

test("any bytes are a form, or BadRequest", async () => {
  const piece = fc.constantFrom(
    "\r\n",
    "--",
    "x",
    "content-disposition: form-data; name=",
    '"',
    "\\",
    "a",
    ";",
    ":",
    " ",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
      const read_ = read(Buffer.from(pieces.join("")), "x").catch((error: unknown) => error);
      const found = await read_;
      expect(Array.isArray(found) || found instanceof BadRequest).toBe(true);
    }),
    { numRuns: 500 },
  );
}, 20_000);

test("preamble, epilogue, quotes as curl and browsers write them, and parts that nobody reads", async () => {
  const body = form(
    'a preamble\n--b\nContent-Disposition: form-data; name="x \\"y\\""; filename="c:\\a.txt"\nContent-Type: text/plain\n\none\n' +
      '--b\ncontent-disposition: form-data; filename="%22q%22"; name=plain\n\n\n--b--\nan epilogue',
  );
  expect(await read(body, "b")).toEqual([
    ['x "y"', "c:\\a.txt", "one"],
    ["plain", '"q"', ""],
  ]);
  const names: string[] = [];
  for await (const { name } of partsOf(slices(body, 3), "b")) names.push(name);
  expect(names).toEqual(['x "y"', "plain"]);
});

test("what is no form says where it ends", async () => {
  const part = 'Content-Disposition: form-data; name="x"';
  for (const [text, reason] of [
    ["", "before its last boundary"],
    ["nothing of the kind", "before its last boundary"],
    [`--b\n${part}\n\nhalf`, "before its last boundary"],
    [`--b\n${part}`, "before its last boundary"],
    [`--b\n${part}\n\none\n--b`, "before its last boundary"],
    ["--b\nContent-Disposition: form-data\n\none\n--b--", "part 1 of the form has no name"],
  ])
    expect(String(await failure(read(form(text!), "b", 999)))).toContain(reason!);
});

test("no more of a large part is read than was asked for", async () => {
  const block = new Uint8Array(64 * 1024);
  let sent = 0;
  async function* large(): AsyncGenerator<Uint8Array> {
    yield form('--b\nContent-Disposition: form-data; name="x"\n\n');
    for (; sent < 1_600; sent++) yield block;
    yield form("\n--b--");
  }
  let size = 0;
  for await (const { body } of partsOf(large(), "b"))
    for await (const bytes of body) {
      size += bytes.length;
      expect(sent * block.length - size).toBeLessThan(2 * block.length);
    }
  expect(size).toBe(1_600 * block.length);
});

test("boundaries, quoted or not", () => {
  expect(boundaryOf("multipart/form-data; boundary=----x-1")).toBe("----x-1");
  expect(boundaryOf('multipart/form-data; charset=utf-8; Boundary="a b"')).toBe("a b");
  expect(boundaryOf("multipart/form-data")).toBeUndefined();
});

test("headers of a part are read in one pass, whatever they are", async () => {
  const units = [
    '"',
    " ",
    ";",
    '" ',
    '";',
    ';name="',
    ";name=x",
    "=",
    "\r\n",
    "\n",
    "content-disposition:",
    '\\"',
    "%22",
  ];
  const before = process.cpuUsage();
  for (const unit of units)
    for (const start of ["", "Content-Disposition: form-data; name=", 'Content-Disposition: form-data; name="']) {
      const body = `--b\r\n${start}${unit.repeat(Math.floor(16_000 / unit.length))}`;
      const read = Array.fromAsync(partsOf(new Blob([body, "\r\n\r\n\r\n--b--"]).stream(), "b"));
      await failure(read);
    }
  const { user, system } = process.cpuUsage(before);
  expect(user + system).toBeLessThan(1_000_000);
});
