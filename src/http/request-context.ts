import type { Server } from "bun";
import type { Mount } from "../mounts/mounts.ts";

/** Who sent a request. Reads need no identity: every caller is anonymous. */
export interface Caller {
  readonly kind: "anonymous";
}

const ANONYMOUS: Caller = { kind: "anonymous" };

/** One request while it is answered: who sent it, when it came, and what of the server it is for. */
export class RequestContext {
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  readonly caller: Caller = ANONYMOUS;
  readonly request: Request;
  readonly server: Server<undefined>;
  /** The mount that it is for; `undefined`: none, or none was found yet. */
  mount: Mount | undefined;
  /** The recording that it belongs to. */
  set: string | undefined;

  constructor(request: Request, server: Server<undefined>) {
    this.request = request;
    this.server = server;
  }

  /** The address of the other end of the connection. */
  readonly remote = (): string | undefined => this.server.requestIP(this.request)?.address;
}
