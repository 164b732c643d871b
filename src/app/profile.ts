/**
 * What a process, or one of its threads, is for. A command chooses a profile by name; what follows from the choice and from the
 * configuration is decided here, once, and carried by value to the cache, the store and other threads.
 */
import type { CacheProfile } from "../cache/context.ts";
import type { Config } from "../config/schema.ts";
import { BadRequest } from "../lib/errors.ts";

export type ProfileName =
  /** Answers clients. */
  | "serve"
  /** Runs mirror jobs in a process of their own. */
  | "mirror"
  /** Runs mirror jobs in processes of a server, which answers clients. */
  | "mirror beside clients"
  /** Plans a mirror job; nothing of it stays. */
  | "estimate"
  /** The same, while a client of the API waits. */
  | "preview"
  /** Proves what is stored, without upstream. */
  | "verify"
  /** Reads the whole store, and fetches anew what is damaged. */
  | "repair"
  /** Shows what is stored. */
  | "inspect"
  /** Changes who may use a store, or owns it. */
  | "administer";

/** Plain data, so that it crosses to threads and child processes. */
export interface Profile extends CacheProfile {
  readonly name: ProfileName;
  /** Milliseconds that retries may wait in all for an upstream. */
  readonly patience: number;
  /** Whether the process answers clients, who must not wait for what other threads of it write. */
  readonly answersClients: boolean;
  /** Whether the thread may wait for the disk: no client waits for it. */
  readonly waitsForDisk: boolean;
  /** Whether a missing database or store is created; otherwise it is an error. */
  readonly createsStore: boolean;
  /** Whether the database becomes the owner of a store that has none, and tells the store how far it has come. */
  readonly claimsStore: boolean;
  /** The folder for everything that is written, which is removed afterwards; absent: the configured store is written. */
  readonly scratch?: string;
}

/** Clients wait for seconds, mirror jobs for minutes: a task that fails is tried again later. */
const [SHORT, LONG] = [3_000, 10_000];

interface Traits {
  patience: number;
  /** What it fetches is pinned, and documents are kept. */
  isMirror?: boolean;
  isOffline?: boolean;
  keepsDocuments?: boolean;
  answersClients?: boolean;
  createsStore?: boolean;
  claimsStore?: boolean;
}

const TRAITS: Readonly<Record<ProfileName, Traits>> = {
  serve: { patience: SHORT, answersClients: true, createsStore: true, claimsStore: true },
  mirror: { patience: LONG, isMirror: true, createsStore: true, claimsStore: true },
  "mirror beside clients": { patience: LONG, isMirror: true, answersClients: true, createsStore: true },
  estimate: { patience: LONG, isMirror: true, createsStore: true },
  preview: { patience: SHORT, isMirror: true, createsStore: true },
  verify: { patience: 0, isOffline: true, answersClients: true },
  repair: { patience: LONG, keepsDocuments: true, answersClients: true, claimsStore: true },
  inspect: { patience: SHORT, answersClients: true },
  administer: { patience: 0, answersClients: true, createsStore: true },
};

export function profileOf(name: ProfileName, config: Pick<Config, "offline" | "cache_metadata">): Profile {
  const { patience, isMirror = false, ...traits } = TRAITS[name];
  return {
    name,
    patience,
    makesUpstreamRequests: !(config.offline || traits.isOffline),
    keepsDocuments: config.cache_metadata || isMirror || traits.keepsDocuments === true,
    pinsWhatItFetches: isMirror,
    answersClients: traits.answersClients === true,
    waitsForDisk: isMirror,
    createsStore: traits.createsStore === true,
    claimsStore: traits.claimsStore === true,
  };
}

/** A profile under which everything is written to a folder. */
export function scratchProfile(
  name: "estimate" | "preview",
  config: Pick<Config, "offline" | "cache_metadata">,
  scratch: string,
): Profile {
  return { ...profileOf(name, config), scratch };
}

/** The profile of a worker: whoever started it speaks for the database. */
export function ofWorker(profile: Profile): Profile {
  return { ...profile, claimsStore: false };
}

/** Throws BadRequest where the configuration forbids upstream requests. `what`: `a mirror makes`. */
export function requireUpstream(what: string, { offline }: Pick<Config, "offline">, status = 400): void {
  if (offline)
    throw new BadRequest(
      `${what} upstream requests, and the proxy is offline; start it without --offline (setting offline, PROXY_OFFLINE)`,
      status,
    );
}
