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
  /** Milliseconds, from when it failed, for which upstream asked to be left alone. */
  readonly retryAfter: number | undefined;
  /** Whether it answered as if it had what was asked for, with something that cannot be that (a page for people). */
  readonly implausible: boolean;

  constructor(
    message: string,
    {
      status,
      retryable = false,
      timeout = false,
      retryAfter,
      implausible = false,
    }: Partial<Pick<UpstreamFailed, "status" | "retryable" | "timeout" | "retryAfter" | "implausible">> = {},
  ) {
    super(message);
    this.status = status;
    this.retryable = retryable;
    this.timeout = timeout;
    this.retryAfter = retryAfter;
    this.implausible = implausible;
  }
}

/** What upstream sent cannot be read within the limits of this machine's operator: it is refused like what cannot be read at all. */
export class LimitExceeded extends UpstreamFailed {}

/** Answers by which a registry says that it has something, or may have, and does not give it: for these it must not be looked
 * for elsewhere (a file in quarantine, a name that only some may read). */
const REFUSALS: ReadonlySet<number | undefined> = new Set([401, 403, 429, 451]);

/** Whether an upstream refused, rather than failed or lacked what was asked for. */
export function isRefusal(error: unknown): error is UpstreamFailed & { status: number } {
  return error instanceof UpstreamFailed && REFUSALS.has(error.status);
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

/** Codes of failures of this machine that pass by themselves: a database that another process writes, too many open files. */
const PASSING = /^(?:SQLITE_BUSY|SQLITE_LOCKED|EMFILE|ENFILE|EAGAIN|EBUSY)/;

/**
 * Whether the same may succeed a little later, with nobody doing anything about it. A digest that does not match may be one
 * bad node of a registry, so it is worth a second look; `attempts`, the earlier ones, say when that was had: whoever keeps
 * asking for bytes until they fit only hides what is wrong. A full disk is for people to clear, a cooldown for days to pass.
 */
export function isPassing(error: unknown, attempts = 0): boolean {
  if (error instanceof UpstreamFailed) return error.retryable;
  if (error instanceof DigestMismatch) return attempts === 0;
  return error instanceof Error && "code" in error && PASSING.test(String(error.code));
}

/** The message of anything thrown, for logs and outcomes. */
export function messageOf(error: unknown): string {
  return faultOf(error) ?? (error instanceof Error ? error.message : String(error));
}

/** What an operator has to see to, by the code of the error that says so. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOSPC|EDQUOT|SQLITE_FULL)/, "the disk is full"],
  [/^(EMFILE|ENFILE)/, "too many files are open (ulimit -n)"],
  [/^(EROFS|SQLITE_READONLY)/, "it cannot be written, it is read-only"],
  [/^(EACCES|EPERM|SQLITE_PERM|SQLITE_AUTH)/, "this user may not"],
  [/^(EIO|SQLITE_IOERR)/, "the disk fails"],
  [/^(SQLITE_CORRUPT|SQLITE_NOTADB)/, "the database is damaged; put a backup in its place and run proxy store adopt"],
  [/^SQLITE_/, "the database cannot be used"],
];

/** What of this machine failed, where it is that rather than a mistake of the program: where it was thrown tells nobody anything. */
export function faultOf(error: unknown): string | undefined {
  if (!(error instanceof Error && "code" in error)) return undefined;
  const code = String(error.code);
  const what = FAULTS.find(([pattern]) => pattern.test(code))?.[1];
  if (what !== undefined) return error.message.includes(what) ? error.message : `${what}: ${error.message}`;
  return "syscall" in error ? error.message : undefined;
}
