/**
 * The five ways in which getting something can fail, each a meaning. They become an HTTP answer in `http/respond.ts` and
 * a task outcome in `mirror/`; nothing else translates them. A message says what, which, expected against found, and what
 * to do.
 */
export type Failure = NotFound | Withheld | DigestMismatch | UpstreamFailed | BadRequest;

/** True absence: upstream says so, or nothing is held and nothing may be dialled. */
export class NotFound extends Error {
  override name = "NotFound" as const;
}

/** Policy keeps it from clients. */
export class Withheld extends Error {
  override name = "Withheld" as const;
}

/** The bytes are not those that the registry's index promises. Nothing of them was kept. */
export class DigestMismatch extends Error {
  override name = "DigestMismatch" as const;
  readonly expected: string;
  readonly found: string;

  constructor(what: string, expected: string, found: string) {
    super(
      `${what}: expected ${expected}, found ${found}; nothing was stored. The upstream or something before it is serving other bytes than its index promises.`,
    );
    this.expected = expected;
    this.found = found;
  }
}

/** Upstream could not or did not answer properly. */
export class UpstreamFailed extends Error {
  override name = "UpstreamFailed" as const;
  /** Upstream's HTTP status, when it gave one. */
  readonly status: number | undefined;
  /** Whether asking again later may help. */
  readonly retryable: boolean;
  /** Whether upstream was too slow rather than wrong (504 rather than 502). */
  readonly timeout: boolean;

  constructor(
    message: string,
    {
      status,
      retryable = false,
      timeout = false,
    }: Partial<Pick<UpstreamFailed, "status" | "retryable" | "timeout">> = {},
  ) {
    super(message);
    this.status = status;
    this.retryable = retryable;
    this.timeout = timeout;
  }
}

/** The request itself makes no sense; asking again will not help. */
export class BadRequest extends Error {
  override name = "BadRequest" as const;
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** The message of anything thrown, for logs and outcomes. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
