/** The token of the machine: a server writes it into a file that only its user can read, and scripts of that user send it. */
import { existsSync, linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BadRequest, messageOf } from "../lib/errors.ts";
import { log } from "../lib/log.ts";

/** Random bytes of a token: nobody guesses 256 bits, so a plain hash of it is enough. */
const BYTES = 32;
const TOKEN = /^prx_[\w-]{43}$/;
/** Permissions of anyone but the owner. */
const OTHERS = 0o077;

export function newToken(): string {
  return `prx_${Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString("base64url")}`;
}

/** Beside the store: servers that share a store share the token. */
export function localTokenFile(storage: string): string {
  return join(storage, "local-token");
}

/**
 * The machine's token, made where there is none. A file that others could read, or that somebody else owns, is replaced: what it
 * says may be known. `undefined` where no file can be written; the log says so.
 */
export function keepLocalToken(storage: string): string | undefined {
  const file = localTokenFile(storage);
  const draft = `${file}.${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const present = readPrivate(file);
    if (present !== undefined) return present;
    const made = newToken();
    writeFileSync(draft, `${made}\n`, { mode: 0o600, flag: "wx" });
    if (lstatSync(file, { throwIfNoEntry: false })) {
      log.warn("the local token is replaced: its file was not private", { file });
      renameSync(draft, file);
      return made;
    }
    // Not by renaming: of servers that start at the same moment the first one's holds.
    linkSync(draft, file);
    return made;
  } catch (error) {
    const found = readPrivate(file);
    if (found === undefined)
      log.warn("there is no local token, since its file cannot be written", { file, error: messageOf(error) });
    return found;
  } finally {
    if (existsSync(draft)) rmSync(draft, { force: true });
  }
}

/** Throws BadRequest where no server has written one, or it is not this user's to read. */
export function readLocalToken(storage: string): string {
  const file = localTokenFile(storage);
  let token: string | undefined;
  try {
    if (lstatSync(file, { throwIfNoEntry: false })) token = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new BadRequest(`${file} cannot be read by this user: ${messageOf(error)}; run it as the server's user`);
  }
  if (token === undefined)
    throw new BadRequest(
      `there is no ${file}: a server writes it when it starts, beside its store (storage.path); use the server's configuration (--config)`,
    );
  if (!TOKEN.test(token)) throw new BadRequest(`${file} holds no token; a server that starts replaces it`);
  return token;
}

/** The token in a file that is this user's alone. */
function readPrivate(file: string): string | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found?.isFile() || (found.mode & OTHERS) !== 0) return undefined;
  const user = process.getuid?.();
  if (user !== undefined && user !== 0 && found.uid !== user) return undefined;
  const token = readFileSync(file, "utf8").trim();
  return TOKEN.test(token) ? token : undefined;
}
