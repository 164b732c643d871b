/** The reference: the least that Bun can do to send a folder's files. Run as a process: `bun bare-server.ts FOLDER` prints its port. */
const folder = process.argv[2] ?? ".";
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: ({ url }) => {
    const path = url.slice(url.indexOf("/", 8));
    return new Response(Bun.file(folder + (path.endsWith(".tgz") ? path : `${path}/index.json`)));
  },
});
console.log(server.port);

export {};
