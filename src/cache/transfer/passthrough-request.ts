/** What only upstream can answer, for one request: searches, audits. */
import type { PassthroughRoute, Path } from "../../contract/ecosystem.ts";
import { NotFound, UpstreamFailed } from "../../lib/errors.ts";
import type { Mount } from "../../mounts/mounts.ts";
import { chunksOf } from "../../upstream/body.ts";
import { answeringAddress } from "../../upstream/client.ts";
import { mayPass } from "../../upstream/retry.ts";
import type { Ask } from "../ask.ts";
import type { Context } from "../context.ts";
import { baseOf, type Source } from "../documents/doc.ts";
import type { DocumentCache } from "../documents/documents.ts";
import { sourcesOf } from "../target.ts";

export interface Question {
  mount: Mount;
  route: PassthroughRoute;
  params: Readonly<Record<string, string>>;
  /** With the query that upstream is sent. */
  path: Path;
}

/** An answer that is read whole. Structured-cloneable. */
export interface WholeAnswer {
  bytes: Uint8Array<ArrayBuffer>;
  source: Source;
}

/** The answer as it comes; read whole where its route rewrites what upstream found. Throws NotFound, UpstreamFailed. */
export async function putTo(
  { upstream, settings }: Pick<Context, "upstream" | "settings">,
  documents: DocumentCache,
  question: Question,
  ask: Pick<Ask, "method" | "accept" | "body" | "bodyHeaders">,
): Promise<Response | WholeAnswer> {
  const { mount, route, path } = question;
  // Of several registries the first alone is asked: a question may name what is none of another's business.
  const [{ urls } = { urls: [] }] = sourcesOf(question, await documents.declared(mount));
  if (urls.length === 0) throw new NotFound(`no upstream is configured for ${path}`);
  const headers: Record<string, string> = { ...ask.bodyHeaders, ...(ask.accept && { accept: ask.accept }) };
  const request = {
    method: ask.method === "HEAD" ? "GET" : ask.method,
    headers,
    body: ask.body,
    kind: "question",
  } as const;
  for (const url of urls) {
    // Equals are asked in their order: only the last one is worth waiting for.
    const isLast = url === urls.at(-1);
    const asked = upstream.fetch(mount, url, { ...request, patience: isLast ? undefined : 0 });
    const response = isLast ? await asked : await asked.catch(() => undefined);
    if (!response || (!isLast && response.status !== 429 && mayPass(response))) continue;
    if (!route.rewrite || !response.ok) return response;
    const { host } = new URL(url);
    const limits = { maximum: settings.maxDocument, setting: "metadata_max_size", timeout: upstream.settings.timeout };
    const bytes = Buffer.concat(await Array.fromAsync(chunksOf(response, host, limits)));
    const mediaType = response.headers.get("content-type") ?? "";
    const source = { mediaType, url: baseOf(mount, { url, answeredAt: answeringAddress(response) }) };
    return { bytes, source };
  }
  throw new UpstreamFailed(`no upstream could be asked for ${path}`, { retryable: true });
}
