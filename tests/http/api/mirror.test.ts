/** The API of mirror jobs: every route, field and status. How requests are read is `mirror-request.test.ts`'s business. */
import { expect, test } from "bun:test";
import { wrongBytes } from "../../support/faults.ts";
import { gated } from "../../support/files-cache.ts";
import { until } from "../../support/job-store.ts";
import { type Answer, LARGE, mirrorApiOf, PURL } from "../../support/mirror-api.ts";

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;

test("a job from its making to its end", async () => {
  await using all = await mirrorApiOf();
  const made = await all.json({ purls: [PURL, LARGE, "pkg:files/file@absent"] });
  const { id } = made.body;
  expect(made).toMatchObject({
    status: 202,
    body: { id: expect.any(String) as string, asides: { count: 0, first: [] } },
  });
  expect(made.headers.get("location")).toBe(`/api/mirror/${id}`);
  expect(await all.ask(`/${id}`)).toMatchObject({
    status: 200,
    body: {
      id,
      state: "pending",
      title: `${PURL}, ${LARGE}, pkg:files/file@absent`,
      created_at: ISO,
      finished_at: null,
      error: null,
      progress: {
        phase: "resolving",
        started_at: null,
        total: 0,
        completed: 0,
        skipped: 0,
        failed: 0,
        bytes: 0,
        errors: [],
      },
    },
  });
  all.runner.start();
  await all.ended(id);
  const { body } = await all.ask(`/${id}`);
  expect(body).toEqual({
    id,
    state: "failed",
    title: expect.any(String) as string,
    created_at: ISO,
    finished_at: ISO,
    error: "1 of 3 could not be held",
    progress: {
      phase: "complete",
      started_at: ISO,
      total: 3,
      completed: 2,
      skipped: 0,
      failed: 1,
      bytes: 3_010_000,
      rate: null,
      eta_seconds: null,
      errors: [
        {
          ecosystem: "files",
          name: "file",
          version: "absent",
          error: expect.stringContaining("does not exist") as string,
        },
      ],
    },
  } as never);
  expect(await all.held("/f/large")).toBe(true);
});

test("a running job tells how far it is; canceling keeps what is held", async () => {
  await using all = await mirrorApiOf();
  const gate = gated(1_000);
  all.upstream.fault("/f/large", gate.fault);
  const id = await all.make({ purls: [PURL, LARGE] });
  all.runner.start();
  await until(async () => (await all.ask(`/${id}`)).body.progress.completed === 1);
  const { body } = await all.ask(`/${id}`);
  expect(body).toMatchObject({
    state: "running",
    progress: { phase: "downloading", total: 2, completed: 1, bytes: 10_000 },
  });
  expect(body.progress.rate).toBeGreaterThan(0);
  expect(body.progress.eta_seconds).toBeWithin(1, 10);
  const canceled = await all.ask(`/${id}`, { method: "DELETE" });
  expect([canceled.status, canceled.body]).toEqual([200, { status: "canceled" } as never]);
  expect((await all.ask(`/${id}`)).body.state).toBe("canceled");
  expect(await all.ask(`/${id}`, { method: "DELETE" })).toMatchObject({
    status: 404,
    body: { detail: `mirror job ${id} is canceled: there is nothing to cancel` },
  });
  gate.open();
  expect(await all.held("/f/small")).toBe(true);
});

test("retried when upstream has recovered; a canceled job goes on with what was left", async () => {
  await using all = await mirrorApiOf();
  all.upstream.fault("/f/small", wrongBytes());
  const id = await all.make({ purls: [PURL, LARGE] });
  expect((await all.ask(`/${id}/retry`, { method: "POST" })).status).toBe(409);
  all.runner.start();
  await all.ended(id);
  all.upstream.heal();
  all.upstream.forget();
  expect(await all.ask(`/${id}/retry`, { method: "POST" })).toMatchObject({ status: 200, body: { state: "pending" } });
  await all.ended(id);
  expect((await all.ask(`/${id}`)).body).toMatchObject({
    state: "complete",
    progress: { total: 2, completed: 2, errors: [] },
  });
  expect(all.upstream.count("/f/large")).toBe(0);
  expect(await all.ask(`/${id}/retry`, { method: "POST" })).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining("only one that failed or was canceled") as string },
  });
});

test("a command's job that is retried here is run here", async () => {
  await using all = await mirrorApiOf();
  const id = await all.create([PURL], { runBy: "command" });
  await all.ask(`/${id}`, { method: "DELETE" });
  await all.ask(`/${id}/retry`, { method: "POST" });
  all.runner.start();
  await all.ended(id);
  expect((await all.ask(`/${id}`)).body.state).toBe("complete");
});

test("jobs and failures in pages", async () => {
  await using all = await mirrorApiOf();
  const ids: string[] = [];
  for (let at = 0; at < 5; at++) {
    ids.push(await all.create(Array.from({ length: 7 }, (_, i) => `pkg:files/file@none-${i}`)));
    await Bun.sleep(2);
  }
  const listed: string[] = [];
  for (let next: string | number | null = ""; next !== null; ) {
    const { body }: Answer = await all.ask(`?limit=2${next ? `&before=${next}` : ""}`);
    expect(body.jobs.length).toBeLessThanOrEqual(2);
    listed.push(...body.jobs.map(({ id }) => id));
    next = body.next;
  }
  expect(listed).toEqual(ids.toReversed());
  all.runner.start();
  const [id = ""] = ids;
  await all.ended(id);
  const failures: string[] = [];
  for (let next: string | number | null = 0; next !== null; ) {
    const { body }: Answer = await all.ask(`/${id}/failures?limit=3&after=${next}`);
    failures.push(...body.failures.map(({ purl }) => purl));
    next = body.next;
  }
  expect(failures.toSorted()).toEqual(Array.from({ length: 7 }, (_, i) => `pkg:files/file@none-${i}`));
  expect((await all.ask(`/${id}/failures?limit=1`)).body.failures[0]).toEqual({
    id: expect.any(Number) as number,
    ecosystem: "files",
    name: "file",
    version: expect.stringContaining("none-") as string,
    purl: expect.stringContaining("pkg:files/file@none-") as string,
    path: null,
    error: expect.stringContaining("does not exist") as string,
    retryable: false,
    attempts: 1,
    at: ISO,
  } as never);
});

test("what is nowhere, and what is not allowed", async () => {
  await using all = await mirrorApiOf();
  const id = await all.make({ purls: [PURL] });
  const status = async (path: string, method = "GET") => (await all.ask(path, { method })).status;
  for (const path of ["/none", "/none/failures", "/none/events", "/%2e%2e%2fx"])
    expect([path, await status(path)]).toEqual([path, 404]);
  expect([await status("/none", "DELETE"), await status("/none/retry", "POST")]).toEqual([404, 404]);
  for (const [path, method, allow] of [
    ["", "PUT", "POST, GET, HEAD"],
    [`/${id}`, "POST", "GET, HEAD, DELETE"],
    [`/${id}/retry`, "GET", "POST"],
    [`/${id}/events`, "POST", "GET, HEAD"],
  ] as const) {
    const { status: found, headers } = await all.ask(path, { method });
    expect([path, found, headers.get("allow")]).toEqual([path, 405, allow]);
  }
  for (const query of ["?limit=0", "?limit=x", "?limit=1001", `/${id}/failures?after=-1`])
    expect(await all.ask(query)).toMatchObject({
      status: 400,
      body: { errors: [{ field: expect.any(String) as string }] },
    });
  expect((await all.ask("/none")).headers.get("content-type")).toBe("application/problem+json");
});

test("who may not use it is told so before anything is read, on every route", async () => {
  await using all = await mirrorApiOf({ refuse: () => ({ status: 401, message: "a token is needed" }) });
  for (const [path, method] of [
    ["", "POST"],
    ["", "GET"],
    ["?limit=x", "GET"],
    ["/none", "GET"],
    ["/none", "DELETE"],
    ["/none/events", "GET"],
    ["/none/failures", "GET"],
    ["/none/retry", "POST"],
  ] as const) {
    const answer = await all.ask(path, { method, ...(method === "POST" && { body: "{" }) });
    expect([path, answer.status, answer.body.detail]).toEqual([path, 401, "a token is needed"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  }
});

test("what a command was interrupted in, or a server killed while it read, takes no room from others", async () => {
  await using all = await mirrorApiOf({
    config: { mirror: { max_jobs: 1, max_waiting: 1, max_tasks: 3, max_upload: 10_000, rate: 0 } },
  });
  await all.create([PURL], { runBy: "command" });
  all.database.orm.run(
    "INSERT INTO mirror_jobs (id, state, phase, spec, created_at) SELECT 'dead', 'reading', phase, json_set(spec, '$.runBy', 'server'), 0 FROM mirror_jobs",
  );
  expect((await all.json({ purls: [PURL] })).status).toBe(202);
  expect((await all.json({ purls: [PURL] })).status).toBe(429);
});

test("too many unfinished jobs, and none at all offline", async () => {
  await using all = await mirrorApiOf({
    config: { mirror: { max_jobs: 1, max_waiting: 2, max_tasks: 3, max_upload: 10_000, rate: 0 } },
  });
  expect(await all.json({ purls: [1, 2, 3, 4].map((n) => `pkg:files/file@${n}`) })).toMatchObject({ status: 413 });
  await all.make({ purls: [PURL] });
  const second = await all.make({ purls: [PURL] });
  const refused = await all.json({ purls: [PURL] });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
  await all.ask(`/${second}`, { method: "DELETE" });
  expect((await all.json({ purls: [PURL] })).status).toBe(202);

  await using offline = await mirrorApiOf({ config: { offline: true } });
  expect(await offline.json({ purls: [PURL] })).toMatchObject({ status: 409 });
  expect((await offline.ask()).status).toBe(200);
});
