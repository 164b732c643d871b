/**
 * The module `proxy/plugin`: all that an ecosystem file imports of this program. Built into the executable, so that a file
 * from outside needs nothing beside it. What is exported here is part of the contract: it is added to, not changed.
 */
export { digestOfSri, splitDigest } from "./digest.ts";
export type * from "./ecosystem.ts";
export { CONTRACT_REVISION } from "./ecosystem.ts";
export { NotFound } from "./errors.ts";
export { json } from "./formats/json.ts";
export { searchHeld } from "./formats/search.ts";
export { compareSemver, inNpmRange, isSemver, isStableSemver } from "./formats/semver.ts";
export { all, readXml, text, texts } from "./formats/xml.ts";
export type { Purl } from "./purl.ts";
