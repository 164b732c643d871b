/**
 * The module `proxy/plugin`: all that an ecosystem file imports of this program. Built into the executable, so that a file
 * from outside needs nothing beside it. What is exported here is part of the contract: it is added to, not changed.
 */
export { digestOfSri, digestOfText, Hasher, hash, splitDigest } from "./digest.ts";
export type * from "./ecosystem.ts";
export { CONTRACT_REVISION } from "./ecosystem.ts";
export { NotFound, UpstreamFailed } from "./errors.ts";
export { recordsOf } from "./formats/csv.ts";
export { type Fields, fieldsOf, paragraphsOf } from "./formats/deb822.ts";
export { labelOf, leaveOut, readEntries } from "./formats/entries.ts";
export { gunzip, gzip } from "./formats/gzip.ts";
export { isWhole, tagsOf } from "./formats/html.ts";
export { json } from "./formats/json.ts";
export { itemsOf } from "./formats/json-items.ts";
export { linesOf } from "./formats/lines.ts";
export { searchHeld } from "./formats/search.ts";
export { compareSemver, inNpmRange, isSemver, isStableSemver } from "./formats/semver.ts";
export { all as nodesAt, readXml, text as textAt, texts as textsAt } from "./formats/xml.ts";
export { formatPurl, type Purl } from "./purl.ts";
