/** The Elysia app: everything that is not below a mount. */

import { toOpenAPISchema } from "@elysiajs/openapi";
import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import { z } from "zod";
// By its path: the package names it as its `browser` file, and exports no name for it.
import scalar from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with { type: "file" };
import type { Mount } from "../mounts/mounts.ts";
import { type MirrorRoutesOptions, mirrorRoutes } from "./api/mirror.ts";
import type { Health } from "./health.ts";
import { nameMediaTypes } from "./media-types.ts";
import type { Metrics } from "./metrics.ts";
import { homePage, type Setup } from "./page.ts";
import { type Stats, statsSchema } from "./stats.ts";

export interface AppOptions {
  version: string;
  metrics: Metrics;
  health: () => Promise<Health>;
  stats: () => Stats;
  mounts: Iterable<Mount>;
  /** The public address of this server, as the request tells it. */
  base: (request: Request) => string;
  /** The path of the public address, without a slash at its end: the pages may be below one. */
  below: string;
  /** The line that points a mount's client at it. */
  setup: Setup;
  /** Absent: there is no API for mirror jobs. */
  mirror?: MirrorRoutesOptions | undefined;
}

const checkSchema = z.object({
  status: z.enum(["ok", "error"]),
  error: z.string().optional().describe("What is wrong"),
  step: z.enum(["write", "read", "verify", "delete"]).optional().describe("What of a try of the store failed"),
});

const healthSchema = z.object({
  status: z.enum(["ok", "error"]),
  checks: z.object({ storage: checkSchema, database: checkSchema }),
});

/** Of pages: nothing from elsewhere, and in nobody's frame. */
const PAGE = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
/** Of the page of the API, whose script compiles templates. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function makeApp({ version, mounts, metrics, health, stats, base, below, setup, mirror }: AppOptions) {
  const app = new Elysia()
    .onRequest(({ request, set }) => {
      if (new URL(request.url).pathname === "/docs") set.headers["content-security-policy"] = DOCS_POLICY;
    })
    .onError(({ code, path, request }) => {
      if (code !== "NOT_FOUND") return;
      const allow = methodsOf(app.routes, path);
      if (allow === "")
        return new Response(`there is nothing at ${path}; the page at / lists what is here\n`, { status: 404 });
      return new Response(`${request.method} is not allowed for ${path}\n`, { status: 405, headers: { allow } });
    })
    .get(
      "/",
      async ({ request }) => new Response(await homePage(mounts, base(request), version, setup), { headers: PAGE }),
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
    .get("/openapi.json", ({ request }): object => describe(app, version, mounts, base(request)), {
      detail: { hide: true },
    });
  if (mirror) app.use(mirrorRoutes(mirror));
  return app.use(
    swagger({
      path: "/docs",
      specPath: "/docs/routes.json",
      scalarCDN: `${below}/docs/scalar.js`,
      scalarConfig: { spec: { url: `${below}/openapi.json` }, withDefaultFonts: false },
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
function describe(app: unknown, version: string, mounts: Iterable<Mount>, base: string): object {
  const exclude = { paths: ["/", "/docs", "/docs/routes.json", "/docs/scalar.js", "/openapi.json"] };
  const { paths, components } = toOpenAPISchema(app as Parameters<typeof toOpenAPISchema>[0], exclude, undefined, {
    zod: z.toJSONSchema,
  });
  nameMediaTypes(paths as Parameters<typeof nameMediaTypes>[0]);
  return {
    openapi: "3.1.0",
    info: { title: "proxy", version, description: `${ABOUT}\n\n${listOf(mounts)}` },
    servers: [{ url: base }],
    paths,
    components,
  };
}
