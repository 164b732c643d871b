import { z } from "zod";
import { SIGNATURE_KINDS } from "../contract/signatures.ts";
import { packagePurl } from "./package-purl.ts";
import { duration, either, host, list, oneOf, oneOrMore, scalar, text, webUrl } from "./values.ts";

/** First path segments that the proxy's own pages take. */
export const RESERVED: readonly string[] = ["api", "docs", "health", "metrics", "openapi", "stats", "swagger", "ui"];

/** Other spellings that files use for an ecosystem. */
const ALIASES: Readonly<Record<string, string>> = { go: "golang", rubygems: "gem" };

/** `isAllowed`: ids that may also be stated. */
export const ecosystemId = (ecosystems: readonly string[], isAllowed: (id: string) => boolean = () => false) =>
  scalar(either(ecosystems), (raw) => {
    const id = ALIASES[raw] ?? raw;
    return ecosystems.includes(id) || isAllowed(id) ? id : undefined;
  });

const mountName = scalar("a name of lowercase letters, digits, - and _", (raw) => {
  if (RESERVED.includes(raw)) throw new Error(`/${raw} belongs to the proxy itself; expected another name`);
  return /^[a-z\d_-]+$/.test(raw) ? raw : undefined;
});

export function mountSection(ecosystems: readonly string[]) {
  const mount = z.strictObject({
    ecosystem: ecosystemId(ecosystems).meta({
      description: `Which protocol it speaks: ${either(ecosystems.map((id) => `\`${id}\``))}.`,
    }),
    upstreams: z.record(text(), oneOrMore(webUrl())).prefault({}).meta({
      description:
        "URL, or list of URLs, by the name of the upstream (`default`). Each URL of a list is a registry of its own: a later one is asked for a package only where every earlier one lacks it (404, 410), never where one fails or refuses. Unset: the public registry.",
    }),
    options: z.record(text(), list(text())).prefault({}).meta({
      description: "Settings of its ecosystem, lists of words by name (`proxy ecosystems` names them).",
    }),
    allow_hosts: list(host())
      .prefault([])
      .meta({ description: "Further hosts from which files that documents link to may be fetched." }),
    addresses: list(text("an address")).prefault([]).meta({
      description:
        "Further addresses by which lockfiles, SBOMs and package URLs state its registry, beside those of its upstreams: what they state so is asked of this mount.",
    }),
    packages: list(text("a name, in which `*` is anything")).prefault([]).meta({
      description:
        "Names of packages (`@acme/*`) that mirrors ask of this mount where a lockfile, an SBOM or a package URL states no registry.",
    }),
    metadata_ttl: duration().optional().meta({ description: "As the setting of the same name, for this mount." }),
    trust: z
      .strictObject({
        keys: list(text("a file"))
          .prefault([])
          .meta({ description: "Files of the keys whose signatures are checked (docs/trust.md). Unset: none are." }),
        require: list(oneOf(SIGNATURE_KINDS))
          .prefault([])
          .meta({
            description: `Kinds of signatures without which files are withheld: ${either(SIGNATURE_KINDS.map((kind) => `\`${kind}\``))}. Unset: what has none passes.`,
          }),
        signers: z
          .record(packagePurl, oneOrMore(text("an identity, such as https://forge.example/org/repo")))
          .prefault({})
          .meta({
            description:
              "By package URL without version: who must have attested its files (`sigstore`), as their identity begins. Unset: whom the registry names.",
            entry: "<PURL>",
          }),
      })
      .optional(),
    proxy: webUrl().optional().meta({ secret: true, description: "As `upstream_proxy`, for this mount." }),
    ca: text("a file").optional().meta({ description: "As `upstream_ca`, for this mount." }),
  });
  return z.record(mountName, mount).prefault({}).meta({
    description:
      "Registries beside the default ones, by the path at which they are served: `npm-internal` is at `/npm-internal`. One named as a default mount takes its place.",
  });
}
