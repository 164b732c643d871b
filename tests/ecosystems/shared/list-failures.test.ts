import { expect, test } from "bun:test";
import { Unread } from "../../../ecosystems/shared/list-failures.ts";
import { NotFound, UpstreamFailed } from "../../../src/lib/errors.ts";

const reset = new UpstreamFailed("the connection was reset", { retryable: true });

async function told(errors: Record<string, Error | undefined>): Promise<UpstreamFailed | undefined> {
  const unread = new Unread();
  const read: string[] = [];
  for (const [list, error] of Object.entries(errors)) {
    const found = await unread.attempt(list, () => (error ? Promise.reject(error) : Promise.resolve(list)));
    if (found) read.push(found);
  }
  expect(read).toEqual(Object.keys(errors).filter((list) => !errors[list]));
  try {
    unread.tell();
  } catch (error) {
    return error as UpstreamFailed;
  }
  return undefined;
}

test("the others are read; each that was not is told of, with its reason", async () => {
  expect(await told({ a: undefined, b: undefined })).toBeUndefined();
  const error = await told({ a: reset, b: undefined, c: new NotFound("there is none") });
  expect(error?.message).toContain("a: the connection was reset; c: there is none");
});

test("it is worth another try where all that failed may pass", async () => {
  expect((await told({ a: reset, b: undefined, c: reset }))?.retryable).toBe(true);
  expect((await told({ a: reset, c: new NotFound("there is none") }))?.retryable).toBe(false);
  expect((await told({ a: new UpstreamFailed("401", { status: 401 }) }))?.retryable).toBe(false);
});
