import initial from "./0000_initial.sql" with { type: "text" };
import mirrorJobs from "./0001_mirror_jobs.sql" with { type: "text" };
import catalogs from "./0002_catalogs.sql" with { type: "text" };
import taskCounts from "./0003_task_counts.sql" with { type: "text" };
import listValidator from "./0004_list_validator.sql" with { type: "text" };
import estimates from "./0005_estimates.sql" with { type: "text" };
import identity from "./0006_identity.sql" with { type: "text" };
import documentRegistry from "./0007_document_registry.sql" with { type: "text" };
import statedDigests from "./0008_stated_digests.sql" with { type: "text" };
import blobRemoval from "./0009_blob_removal.sql" with { type: "text" };
import pinOwners from "./0010_pin_owners.sql" with { type: "text" };

/** In order; `PRAGMA user_version` counts those applied. A statement ends at the breakpoint comment that drizzle-kit writes. */
export const migrations: readonly string[] = [
  initial,
  mirrorJobs,
  catalogs,
  taskCounts,
  listValidator,
  estimates,
  identity,
  documentRegistry,
  statedDigests,
  blobRemoval,
  pinOwners,
];
