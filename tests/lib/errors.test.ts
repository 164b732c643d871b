import { expect, test } from "bun:test";
import {
  BadRequest,
  DigestMismatch,
  faultOf,
  isPassing,
  messageOf,
  NotFound,
  UpstreamFailed,
  Withheld,
} from "../../src/lib/errors.ts";
import { plain, revive } from "../../src/workers/pool.ts";

const coded = (code: string) => Object.assign(new Error(code), { code });

const cases: [what: string, error: unknown, passes: boolean][] = [
  ["a busy upstream", new UpstreamFailed("429", { status: 429, retryable: true }), true],
  ["a host that is left alone", new UpstreamFailed("wait", { retryable: true, retryAfter: 10 }), true],
  ["an address that must not be dialled", new UpstreamFailed("refused to dial"), false],
  ["a first mismatch", new DigestMismatch("/a", "sha256:a", "sha256:b"), true],
  ["absence", new NotFound("/a"), false],
  ["policy", new Withheld("/a"), false],
  ["nonsense", new BadRequest("/a"), false],
  ["a database that another process writes", coded("SQLITE_BUSY_SNAPSHOT"), true],
  ["too many open files", coded("EMFILE"), true],
  ["a full disk", coded("ENOSPC"), false],
  ["a full disk of the database", coded("SQLITE_FULL"), false],
  ["a mistake of ours", new TypeError("undefined is no function"), false],
  ["a text", "text", false],
  ["nothing", undefined, false],
];
test.each(cases)("%s", (_what, error, passes) => expect(isPassing(error)).toBe(passes));

test("a second mismatch is one", () => {
  expect(isPassing(new DigestMismatch("/a", "sha256:a", "sha256:b"), 1)).toBe(false);
});

test("the time to come back crosses threads", () => {
  const error = revive(structuredClone(plain(new UpstreamFailed("429", { retryable: true, retryAfter: 5_000 }))));
  expect([isPassing(error), (error as UpstreamFailed).retryAfter]).toEqual([true, 5_000]);
});

const faults: [code: string, told: string | undefined][] = [
  ["ENOSPC", "the disk is full: ENOSPC"],
  ["SQLITE_FULL", "the disk is full: SQLITE_FULL"],
  ["EROFS", "it cannot be written, it is read-only: EROFS"],
  ["SQLITE_IOERR_WRITE", "the disk fails: SQLITE_IOERR_WRITE"],
  ["ConnectionRefused", undefined],
];
test.each(faults)("%s is told as what an operator can see to", (code, told) => {
  expect(faultOf(coded(code))).toBe(told);
  expect(messageOf(coded(code))).toBe(told ?? code);
});
