import { expect, test } from "bun:test";
import { Throttle } from "../../src/upstream/throttle.ts";

const body = (size: number) => new Response(new Uint8Array(size).fill(7), { status: 206, headers: { etag: '"a"' } });

test("several bodies together come no faster than the rate, in turn, whole and with their heads", async () => {
  const throttle = new Throttle(1_000_000);
  const started = performance.now();
  const ended: number[] = [];
  const answers = await Promise.all(
    [100_000, 100_000, 100_000].map(async (size) => {
      const answer = throttle.limit(body(size));
      const bytes = await answer.bytes();
      ended.push(performance.now() - started);
      return [answer.status, answer.headers.get("etag"), bytes.length, bytes.every((byte) => byte === 7)];
    }),
  );
  expect(answers).toEqual(answers.map(() => [206, '"a"', 100_000, true]));
  expect(Math.max(...ended)).toBeGreaterThan(250);
  // None waits for the others to be done.
  expect(Math.min(...ended)).toBeGreaterThan(150);
});

test("an answer without a body passes, and who stops reading ends what is read", async () => {
  const throttle = new Throttle(1_000);
  expect((await throttle.limit(new Response(null, { status: 304 })).bytes()).length).toBe(0);
  let canceled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      canceled = true;
    },
  });
  const reader = throttle.limit(new Response(endless)).body!.getReader();
  await reader.read();
  await reader.cancel();
  expect(canceled).toBe(true);
});
