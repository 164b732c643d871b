/** The Elysia app: everything that is not below a mount. */

import { toOpenAPISchema } from "@elysiajs/openapi";
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { z } from "zod";
import scalar from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };
import type { Mount } from "../mounts.ts";
import { type MirrorRoutesOptions, mirrorRoutes } from "./api/mirror.ts";
import type { Health } from "./health.ts";
import { nameMediaTypes } from "./media-types.ts";
import type { Metrics } from "./metrics.ts";
import { type Stats, statsSchema } from "./stats.ts";

export interface AppOptions {
  version: string;
  metrics: Metrics;
  health: () => Promise<Health>;
  stats: () => Stats;
  mounts: Iterable<Mount>;
  /** The page at `/`, for the address that was asked. */
  home: (request: Request) => string | Promise<string>;
  /** Absent: there is no API for mirror jobs. */
  mirror?: MirrorRoutesOptions | undefined;
}

const healthSchema = z.object({
  status: z.enum(["ok", "failing"]),
  storage: z.string().describe("ok, or what is wrong"),
  database: z.string().describe("ok, or what is wrong"),
});

export function makeApp({ version, mounts, metrics, health, stats, home, mirror }: AppOptions) {
  const app = new Elysia()
    .onError(({ code, path, request }) => {
      if (code !== "NOT_FOUND") return;
      const allow = methodsOf(app.routes, path);
      if (allow === "")
        return new Response(`there is nothing at ${path}; the page at / lists what is here\n`, { status: 404 });
      return new Response(`${request.method} is not allowed for ${path}\n`, { status: 405, headers: { allow } });
    })
    .get(
      "/",
      async ({ request }) =>
        new Response(await home(request), { headers: { "content-type": "text/html; charset=utf-8" } }),
      { detail: { hide: true } },
    )
    .get(
      "/health",
      async ({ status }) => {
        const found = await health();
        return status(found.status === "ok" ? 200 : 503, found);
      },
      {
        response: { 200: healthSchema, 503: healthSchema },
        detail: { summary: "Whether the store and the database work, by using them" },
      },
    )
    .get("/stats", () => stats(), { response: statsSchema, detail: { summary: "What is held, by mount" } })
    .get(
      "/metrics",
      async () =>
        new Response(await metrics.registry.metrics(), { headers: { "content-type": metrics.registry.contentType } }),
      {
        detail: { summary: "Prometheus series" },
      },
    )
    // The page's script comes from here, not from another host: the documentation works without a network.
    .get(
      "/docs/scalar.js",
      () =>
        new Response(Bun.file(scalar), {
          headers: { "content-type": "text/javascript", "cache-control": "max-age=86400" },
        }),
      {
        detail: { hide: true },
      },
    )
    // A wide type: the schema is read from the app's routes at run time, and naming them here would be circular.
    .get("/openapi.json", (): object => describe(app, version, mounts), { detail: { hide: true } });
  if (mirror) app.use(mirrorRoutes(mirror));
  return app.use(
    swagger({
      path: "/docs",
      specPath: "/docs/routes.json",
      scalarCDN: "/docs/scalar.js",
      scalarConfig: { spec: { url: "/openapi.json" }, withDefaultFonts: false },
      documentation: { info: { title: "proxy", version } },
    }),
  );
}

/** The methods that a path has (RFC 9110 15.5.6); empty: there is nothing. */
function methodsOf(routes: readonly { path: string; method: string }[], path: string): string {
  const segments = path.split("/");
  const methods = routes
    .filter((route) => {
      const pattern = route.path.split("/");
      return (
        pattern.length === segments.length && pattern.every((part, i) => part.startsWith(":") || part === segments[i])
      );
    })
    .flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return [...new Set(methods)].join(", ");
}

const ABOUT = "What is held, how it is doing, and what it does. Clients of registries are served below the mounts:";

/** Each mount, in Markdown. */
function listOf(mounts: Iterable<Mount>): string {
  return Array.from(mounts, ({ prefix, ecosystem: { id, title } }) => `- \`${prefix}\` (${id}): ${title}`).join("\n");
}

/** zod schemas must be translated by zod: @elysiajs/swagger would print their insides. */
function describe(app: unknown, version: string, mounts: Iterable<Mount>): object {
  const exclude = { paths: ["/", "/docs", "/docs/routes.json", "/docs/scalar.js", "/openapi.json"] };
  const { paths, components } = toOpenAPISchema(app as Parameters<typeof toOpenAPISchema>[0], exclude, undefined, {
    zod: z.toJSONSchema,
  });
  nameMediaTypes(paths as Parameters<typeof nameMediaTypes>[0]);
  return {
    openapi: "3.1.0",
    info: { title: "proxy", version, description: `${ABOUT}\n\n${listOf(mounts)}` },
    paths,
    components,
  };
}
