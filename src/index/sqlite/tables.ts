import { Artifacts } from "./artifacts.ts";
import { Blobs } from "./blobs.ts";
import { Catalogs } from "./catalogs.ts";
import { ReleaseDates } from "./dates.ts";
import { Documents } from "./documents.ts";
import { Identities } from "./identity.ts";
import { Jobs } from "./jobs.ts";
import { Listed } from "./listed.ts";
import { Mirrored } from "./mirrored.ts";
import type { Database } from "./open.ts";
import { Pins } from "./pins.ts";
import { Sets } from "./sets.ts";
import { Tasks } from "./tasks.ts";
import { Tokens } from "./tokens.ts";

/** The tables of a database: reads prepared once, and the writes of which commands consist. */
export interface SqliteTables {
  artifacts: Artifacts;
  blobs: Blobs;
  catalogs: Catalogs;
  dates: ReleaseDates;
  documents: Documents;
  identity: Identities;
  jobs: Jobs;
  listed: Listed;
  mirrored: Mirrored;
  pins: Pins;
  sets: Sets;
  tasks: Tasks;
  tokens: Tokens;
}

export function tablesOf(database: Pick<Database, "orm" | "written">): SqliteTables {
  return {
    artifacts: new Artifacts(database),
    blobs: new Blobs(database),
    catalogs: new Catalogs(database),
    dates: new ReleaseDates(database),
    documents: new Documents(database),
    identity: new Identities(database),
    jobs: new Jobs(database),
    listed: new Listed(database),
    mirrored: new Mirrored(database),
    pins: new Pins(database),
    sets: new Sets(database),
    tasks: new Tasks(database),
    tokens: new Tokens(database),
  };
}
