/**
 * The module `proxy/plugin`: all that an ecosystem file imports of this program. Built into the executable, so that a file
 * from outside needs nothing beside it. What is exported here is part of the contract: it is added to, not changed.
 */

export { recordsOf } from "../../ecosystems/shared/csv.ts";
export { type Fields, fieldsOf, paragraphsOf } from "../../ecosystems/shared/deb822.ts";
export { labelOf, leaveOut, readEntries } from "../../ecosystems/shared/entries.ts";
export { gunzip, gzip } from "../../ecosystems/shared/gzip.ts";
export { isWhole, tagsOf } from "../../ecosystems/shared/html.ts";
export { json } from "../../ecosystems/shared/json.ts";
export { itemsOf } from "../../ecosystems/shared/json-items.ts";
export { linesOf } from "../../ecosystems/shared/lines.ts";
export { bundled, elsewhere, projectItself, workspaceMember } from "../../ecosystems/shared/lockfiles/elsewhere.ts";
export { readToml } from "../../ecosystems/shared/lockfiles/toml.ts";
export { readYaml } from "../../ecosystems/shared/lockfiles/yaml.ts";
export { searchStored } from "../../ecosystems/shared/search.ts";
export { compareSemver, inNpmRange, isSemver, isStableSemver } from "../../ecosystems/shared/semver.ts";
export { type Member, membersOf } from "../../ecosystems/shared/tar-members.ts";
export { filesInTar, gunzipped, inflated, type TarFile } from "../../ecosystems/shared/unpacked.ts";
export { all as nodesAt, readXml, text as textAt, texts as textsAt } from "../../ecosystems/shared/xml.ts";
export { BadRequest, NotFound, UpstreamFailed } from "../lib/errors.ts";
export { digestOfSri, digestOfText, Hasher, hash, splitDigest } from "./digest.ts";
export type * from "./ecosystem.ts";
export { CONTRACT_REVISION } from "./ecosystem.ts";
export { isItem } from "./lockfile.ts";
export { formatPurl, type Purl } from "./purl.ts";
