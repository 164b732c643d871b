/**
 * Bearer tokens of upstreams that ask for one: fetched where their challenge says, kept for as long as they hold, once for
 * all who wait. A token goes to the origin that asked for it and to no other.
 */
import { LRUCache } from "lru-cache";
import type { Dialer } from "../mounts/mounts.ts";
import { type Challenge, challengeIn } from "./challenge.ts";
import { type DialRequest, type DialSettings, dial } from "./dial.ts";
import { fetchToken, type Token } from "./token-endpoint.ts";

export class Tokens {
  readonly #settings: DialSettings;
  readonly #tokens = new LRUCache<string, Promise<Token>>({ max: 1_000 });
  /** What was asked for at a place, so that what lies beside it is asked for with its token at once. */
  readonly #challenges = new LRUCache<string, Challenge>({ max: 10_000 });

  constructor(settings: DialSettings) {
    this.#settings = settings;
  }

  /** One hop, with the token that its host asks for. Throws UpstreamFailed where that cannot be had. */
  async dial(dialer: Dialer, url: URL, request: DialRequest): Promise<Response> {
    const place = `${dialer.name} ${placeOf(url)}`;
    const known = this.#challenges.get(place);
    const token = known && (await this.#token(dialer, url, known));
    const response = await dial(this.#settings, dialer, url, { ...request, token });
    const challenge = response.status === 401 ? challengeIn(response.headers.get("www-authenticate")) : undefined;
    if (!challenge) return response;
    await response.body?.cancel();
    this.#challenges.set(place, challenge);
    const fresh = await this.#token(dialer, url, challenge, token);
    return dial(this.#settings, dialer, url, { ...request, token: fresh });
  }

  /** `refused`: one that is of no use any more, though its time may not be over. */
  async #token(dialer: Dialer, url: URL, challenge: Challenge, refused?: string): Promise<string> {
    const { realm, service, scope } = challenge;
    const key = JSON.stringify([dialer.name, url.origin, realm, service, scope]);
    const known = this.#tokens.get(key);
    if (known) {
      const { value, until } = await known;
      if (until > performance.now() && value !== refused) return value;
      // Somebody else may be fetching another by now.
      if (this.#tokens.get(key) !== known) return this.#token(dialer, url, challenge, refused);
    }
    const token = fetchToken(this.#settings, dialer, url, challenge);
    this.#tokens.set(key, token);
    token.catch(() => {
      if (this.#tokens.get(key) === token) this.#tokens.delete(key);
    });
    return (await token).value;
  }
}

/** Manifests and blobs of one repository lie beside each other, and are asked for with the same token. */
function placeOf({ origin, pathname }: URL): string {
  return `${origin}${pathname.split("/").slice(0, -2).join("/")}`;
}
