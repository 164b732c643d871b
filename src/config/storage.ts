import { fileURLToPath } from "node:url";
import { z } from "zod";
import { duration, ignored, scalar, size, text } from "./values.ts";

const NO_DIRECT_SERVE = "this version sends every artifact itself";

const storageUrl = scalar("a file:// URL of a folder", (raw) => {
  const scheme = /^(\w+):\/\//.exec(raw)?.[1] ?? "file";
  if (scheme !== "file") throw new Error(`${scheme}:// is not supported by this version; expected file://`);
  return raw.startsWith("file:///") ? fileURLToPath(raw) : undefined;
});

const databaseDriver = scalar("sqlite", (raw) => {
  if (raw === "postgres") throw new Error("postgres is not supported by this version; expected sqlite");
  return raw === "sqlite" ? raw : undefined;
});

const cacheArtifacts = scalar("true", (raw) => {
  if (raw === "false")
    throw new Error("this version stores every file that it serves; `storage.max_size` bounds what is kept");
  return raw === "true" ? true : undefined;
});

export const storageSection = z
  .strictObject({
    path: text("a folder").prefault("./cache").meta({
      flag: "storage-path",
      description: "Folder of the store: artifacts and documents, and the database that describes them.",
    }),
    url: storageUrl
      .optional()
      .meta({ flag: "storage-url", description: "The same as a `file://` URL; it wins over `storage.path`." }),
    max_size: size()
      .prefault("0")
      .meta({ description: "What stored artifacts may take; the least recently used are evicted. 0: no limit." }),
    scrub_rate: size().prefault("10MB").meta({
      description:
        "A server reads what is stored again, at most so much a second, and compares it with its digests; what is damaged is fetched anew. 0: it does not.",
    }),
    scrub_interval: duration()
      .prefault("30d")
      .meta({ description: "How long a file that was compared is left alone." }),
    cache_artifacts: cacheArtifacts.prefault(true).meta({
      description: "`true`: every file that is served is stored. Nothing else is supported by this version.",
    }),
    direct_serve_public_url: ignored(NO_DIRECT_SERVE),
    retention: ignored("this version removes by `storage.max_size` only"),
    direct_serve: ignored(NO_DIRECT_SERVE),
    direct_serve_ttl: ignored(NO_DIRECT_SERVE),
    direct_serve_base_url: ignored(NO_DIRECT_SERVE),
  })
  .prefault({});

export const databaseSection = z
  .strictObject({
    driver: databaseDriver.prefault("sqlite").meta({ flag: "database-driver", description: "`sqlite`." }),
    path: text("a file").optional().meta({
      flag: "database-path",
      description:
        "File of the database. Unset: `proxy.db` inside `storage.path`; of an installation by an earlier version, where it is.",
    }),
    hit_flush_interval: ignored("hits are written together at times of this version's own choice"),
    url: ignored("only SQLite is supported by this version, see database.path", {
      flag: "database-url",
      secret: true,
    }),
  })
  .prefault({});
