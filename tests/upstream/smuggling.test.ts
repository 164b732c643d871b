/** Answers of upstream that are framed so that more than one answer could be read of them. Over raw sockets. */
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { Upstream } from "../../src/upstream/client.ts";

const OWN = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";
const EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

test.each([
  ["a second answer behind the first", `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello${EVIL}`],
  ["a second answer behind one without a body", `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`],
  ["a second answer behind a 304", `HTTP/1.1 304 Not Modified\r\n\r\n${EVIL}`],
  ["two lengths", `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello${EVIL}`],
  ["a length and chunks", `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${EVIL}`],
  ["chunks and more", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${EVIL}`],
])("%s: the next request gets its own answer, or none", async (_what, first) => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => socket.write(data.toString().startsWith("GET /first ") ? first : OWN));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const upstream = new Upstream({ timeout: 1_000, patience: 0, credentials: [], allowPrivate: [], userAgent: "test" });
  const dialer = { name: "m", trusted: new Set([url]) };
  const get = async (path: string) => {
    const response = await upstream.fetch(dialer, url + path).catch(() => undefined);
    return response?.text().catch(() => "broken off");
  };
  for (let round = 0; round < 3; round++) {
    await get("/first");
    expect(await get("/second")).not.toBe("evil");
  }
  server.close();
});
