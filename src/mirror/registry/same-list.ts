/** Lists that are one document (`ReadOptions.isList`): it is sent again only where it is another than the one that was taken. */
import { hash } from "../../contract/digest.ts";

/** The list is the one that was taken. */
export class Unchanged extends Error {}

/** As the database has it. */
interface Known {
  /** The request that it was the answer to: another upstream may call another list the same. */
  request: string;
  etag?: string;
  modified?: string;
}

/** Milliseconds after which a document cannot have changed without another `Last-Modified`, which counts seconds (RFC 9110 8.8.2.2). */
const SETTLED = 60_000;

export class SameList {
  /** What upstream calls the list that is being read, to be known once all of it was taken. null: it does not say. */
  validator: string | null = null;
  readonly #known: Partial<Known>;
  #isAnswered = false;

  /** `known`: the validator of the list that was taken; null asks for it whatever it is. */
  constructor(known: string | null) {
    this.#known = known === null ? {} : (JSON.parse(known) as Known);
  }

  /** Headers of a request for it, which is told by all that its answer depends on. */
  conditions(...request: unknown[]): Record<string, string> {
    const { etag, modified } = this.#known;
    if (this.#isAnswered || this.#known.request !== keyOf(request)) return {};
    return { ...(etag && { "if-none-match": etag }), ...(modified && { "if-modified-since": modified }) };
  }

  /** Throws Unchanged. */
  answered({ status, headers }: Pick<Response, "status" | "headers">, ...request: unknown[]): void {
    if (status === 304) throw new Unchanged();
    // Of a list in several documents, one does not tell.
    this.validator = this.#isAnswered ? null : validatorOf(headers, keyOf(request));
    this.#isAnswered = true;
  }
}

function validatorOf(headers: Headers, request: string): string | null {
  const [etag, modified] = [headers.get("etag"), headers.get("last-modified")];
  if (etag) return JSON.stringify({ request, etag } satisfies Known);
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(modified ?? "");
  return modified && age >= SETTLED ? JSON.stringify({ request, modified } satisfies Known) : null;
}

function keyOf(request: unknown[]): string {
  return hash("sha256", JSON.stringify(request)).slice(0, 16);
}
