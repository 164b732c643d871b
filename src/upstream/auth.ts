/** A credential of the configuration: `scope` is a URL prefix without a trailing slash. */
export interface Credential {
  scope: string;
  header: string;
  value: string;
}

/**
 * The header that a URL is to be asked with. Scheme, host and port must be the scope's, and its path a prefix by whole
 * segments; the longest scope wins. Asked anew for every hop of a redirect, so a credential never reaches another host.
 */
export function credentialFor(credentials: readonly Credential[], url: URL): Credential | undefined {
  let best: Credential | undefined;
  for (const credential of credentials) {
    const scope = new URL(credential.scope);
    if (scope.origin !== url.origin || !covers(scope.pathname, url.pathname)) continue;
    if (!best || credential.scope.length > best.scope.length) best = credential;
  }
  return best;
}

function covers(prefix: string, path: string): boolean {
  const base = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  return path === base || path.startsWith(`${base}/`);
}
