/** Requests under way to a host at first, and at most. */
const FIRST = 8;
const MOST = 32;

/** What an answer says of the host: it has room for more, it has too much to do, or nothing. */
export type Verdict = "good" | "crowded" | undefined;

/** A place among the requests to a host. To be left once. */
export interface Place {
  leave(verdict: Verdict): void;
}

interface Host {
  limit: number;
  underWay: number;
  waiting: (() => void)[];
  /** How often the limit was halved; whoever set out before the last time knows nothing new. */
  halvings: number;
}

/**
 * Bounds the requests that are under way to each host, until their answers begin, and finds the bound by itself: a place more
 * for each good answer at first, for each round of good answers once the host was crowded, and half of them when it is (AIMD,
 * RFC 5681 in small). Places are given in the order of asking; who waits costs no timer.
 */
export class Limits {
  readonly #hosts = new Map<string, Host>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** How many requests to a host may be under way. */
  limit(host: string): number {
    return Math.floor(this.#host(host).limit);
  }

  async take(name: string): Promise<Place> {
    const host = this.#host(name);
    if (host.underWay >= Math.floor(host.limit)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      host.waiting.push(resolve);
      await promise;
    } else host.underWay++;
    const { halvings } = host;
    return { leave: (verdict) => this.#leave(host, verdict, halvings) };
  }

  #leave(host: Host, verdict: Verdict, halvings: number): void {
    const isFull = host.underWay >= Math.floor(host.limit);
    host.underWay--;
    if (verdict === "crowded" && halvings === host.halvings) {
      host.limit = Math.max(1, Math.floor(host.limit) / 2);
      host.halvings++;
    }
    // A limit that is not reached says nothing.
    if (verdict === "good" && isFull)
      host.limit = Math.min(this.#most, host.limit + (host.halvings === 0 ? 1 : 1 / host.limit));
    while (host.underWay < Math.floor(host.limit)) {
      const next = host.waiting.shift();
      if (!next) return;
      host.underWay++;
      next();
    }
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (!host) {
      host = { limit: Math.min(FIRST, this.#most), underWay: 0, waiting: [], halvings: 0 };
      this.#hosts.set(name, host);
    }
    return host;
  }
}
