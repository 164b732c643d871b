/**
 * The npm registry that the proxy fetches from: a folder's files, and how often each was asked for.
 * Run as a process: `bun upstream.ts FOLDER` prints its port. `/slow/…` is answered late, `/-/count/PATH` with the number,
 * `/-/count` with that of all.
 */
const folder = process.argv[2] ?? ".";
const counts = new Map<string, number>();
let asked = 0;
/** Milliseconds, so that requests meet while the first of them is under way. */
const LATE = 300;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: async ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/-/count") return Response.json(asked);
    if (pathname.startsWith("/-/count/")) return Response.json(counts.get(pathname.slice("/-/count".length)) ?? 0);
    asked++;
    counts.set(pathname, (counts.get(pathname) ?? 0) + 1);
    const isTarball = pathname.endsWith(".tgz");
    if (isTarball && pathname.startsWith("/slow/")) await Bun.sleep(LATE);
    const file = Bun.file(folder + (isTarball ? pathname : `${pathname}/index.json`));
    if (!(await file.exists())) return new Response("not found", { status: 404 });
    return new Response(file, {
      headers: { "content-type": isTarball ? "application/octet-stream" : "application/json" },
    });
  },
});
console.log(server.port);

export {};
