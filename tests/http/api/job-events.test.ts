/** A mirror job's server-sent events. */
import { expect, test } from "bun:test";
import { gated } from "../../support/files-cache.ts";
import { jobStore, until } from "../../support/job-store.ts";
import { LARGE, mirrorApiOf, PURL } from "../../support/mirror-api.ts";

interface Event {
  event: string;
  id?: string;
  data: { id: number | string; state: string; purl?: string; progress: { completed: number; errors?: unknown[] } };
}

/** Reads events until the stream ends, or there are enough. */
async function eventsOf(
  response: Response,
  enough: (events: readonly Event[]) => boolean = () => false,
): Promise<Event[]> {
  const events: Event[] = [];
  let text = "";
  for await (const bytes of response.body!) {
    text += Buffer.from(bytes).toString();
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      if (block.startsWith(":")) continue;
      const fields = Object.fromEntries(
        block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      events.push({ ...fields, data: JSON.parse(fields["data"]!) } as Event);
    }
    if (enough(events)) break;
  }
  return events;
}

const ABSENT = ["pkg:files/file@x", "pkg:files/file@y", "pkg:files/file@z"];

test("from the making of a job to its end: how it stands, what failed, how it ended", async () => {
  await using all = await mirrorApiOf();
  const gate = gated(1_000);
  all.upstream.fault("/f/large", gate.fault);
  const id = await all.make({ purls: [PURL, LARGE, ...ABSENT] });
  const response = await fetch(`${all.url}/${id}/events`);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reading = eventsOf(response);
  all.runner.start();
  await until(async () => all.runner.pace(id)?.progress.completed === 1);
  await Bun.sleep(700);
  gate.open();
  const events = await reading;
  expect(events[0]).toMatchObject({ event: "progress", data: { id, state: "pending" } });
  const seen = events
    .filter(({ event }) => event === "progress")
    .map(({ data }) => [data.state, data.progress.completed]);
  expect(seen).toContainEqual(["running", 1]);
  const failures = events.filter(({ event }) => event === "failure");
  expect(failures.map(({ data }) => data.purl ?? "").toSorted()).toEqual(ABSENT);
  for (const { id: own, data } of failures) expect(own).toBe(String(data.id));
  expect(events.at(-1)).toMatchObject({
    event: "state",
    id: "end",
    data: { state: "failed", progress: { completed: 2 } },
  });
  expect(events.at(-1)?.data.progress.errors).toHaveLength(3);
  expect(events.filter(({ event }) => event === "state")).toHaveLength(1);
});

test("resumed: only later failures; who has seen the end need not come again", async () => {
  await using all = await mirrorApiOf();
  const id = await all.make({ purls: ABSENT });
  all.runner.start();
  await all.ended(id);
  const ask = (lastId?: string) =>
    fetch(`${all.url}/${id}/events`, { headers: lastId === undefined ? {} : { "last-event-id": lastId } });
  const whole = await eventsOf(await ask());
  const ids = whole.flatMap(({ event, id: own }) => (event === "failure" ? [own!] : []));
  expect(ids).toHaveLength(3);
  const rest = await eventsOf(await ask(ids[0]));
  expect(rest.filter(({ event }) => event === "failure").map(({ id: own }) => own)).toEqual(ids.slice(1));
  expect(rest.at(-1)?.event).toBe("state");
  expect((await ask("end")).status).toBe(204);
  for (const odd of ["", "-1", "x", "9".repeat(40)]) {
    const events = await eventsOf(await ask(odd));
    expect([odd, events.filter(({ event }) => event === "failure").length]).toEqual([odd, 3]);
  }
  await all.ask(`/${id}/retry`, { method: "POST" });
  const again = await eventsOf(await ask("end"));
  expect(again.at(-1)).toMatchObject({ event: "state", data: { state: "failed" } });
});

test("of a job that another process runs, or cancels", async () => {
  await using all = await mirrorApiOf();
  const id = await all.make({ purls: [PURL, ...ABSENT] });
  const other = jobStore(all);
  const reading = eventsOf(await fetch(`${all.url}/${id}/events`));
  const claim = await other.store.claim(id);
  await Bun.sleep(600);
  await other.store.cancel(id);
  await claim?.release();
  const events = await reading;
  expect(events.map(({ event, data }) => `${event} ${data.state}`)).toEqual([
    "progress pending",
    "progress running",
    "progress canceled",
    "state canceled",
  ]);
});

test("a stream neither keeps a server from stopping nor outlives who reads it", async () => {
  await using all = await mirrorApiOf();
  const id = await all.make({ purls: [PURL] });
  let looks = 0;
  const find = all.store.find.bind(all.store);
  all.store.find = (job) => {
    looks++;
    return find(job);
  };
  const gone = new AbortController();
  const cut = await fetch(`${all.url}/${id}/events`, { signal: gone.signal });
  await eventsOf(cut, () => true);
  gone.abort();
  await Bun.sleep(1_200);
  const before = looks;
  await Bun.sleep(1_200);
  expect(looks).toBe(before);

  const reading = eventsOf(await fetch(`${all.url}/${id}/events`));
  await Bun.sleep(100);
  const started = performance.now();
  all.stopping.abort();
  expect((await reading).map(({ event }) => event)).toEqual(["progress"]);
  expect(performance.now() - started).toBeLessThan(1_500);
});
