import semver from "semver";
import type { Ecosystem, Params, Path } from "../src/contract/ecosystem.ts";
import { helmCatalog } from "./helm/catalog.ts";
import { helmFacts, helmIndex } from "./helm/chart-index.ts";
import { chartLock } from "./helm/lockfile-chart.ts";
import { compareSemver, isStableSemver } from "./shared/semver.ts";

const index = (repo: string): Path => `/${encodeURIComponent(repo)}/index.yaml`;
/** Each upstream is a repository of its own, below its name. */
const inRepository = {
  from: ({ repo }: Params) => repo!,
  to: ({ rest }: Params): Path => `/${rest!.split("/").map(encodeURIComponent).join("/")}`,
  describedBy: ({ repo }: Params) => [index(repo!)],
};

export const helm: Ecosystem = {
  id: "helm",
  contract: 2,
  title: "Chart repositories: helm",
  spec: "https://helm.sh/docs/topics/chart_repository/",
  // There is no public one: operators name those that they use.
  upstreams: {},
  base: (url) => url.replace(/\/index\.yaml$/, ""),
  places: (upstream) => `/${encodeURIComponent(upstream)}`,
  setup: (base) =>
    `with upstream: { helm: { stable: "https://charts.example" } } in the proxy's configuration: helm repo add stable ${base}/stable`,
  // `pkg:helm/nginx?repository_url=stable`, by the name of the repository or its address.
  purl: {
    read: ({ name, version, qualifiers = {} }, upstreamAt) => {
      const { repository_url: given = "default", ...others } = qualifiers;
      const repo = upstreamAt(given)?.name;
      if (repo === undefined)
        throw new Error(
          `no repository ${given} is configured; name one of upstream.helm, or its address, as ?repository_url=`,
        );
      return { name: `${repo}/${name}`, ...(version && { version }), qualifiers: others };
    },
    write: ({ name, version, qualifiers }) => {
      const slash = name.indexOf("/");
      const repository_url = name.slice(0, slash);
      return {
        type: "helm",
        name: name.slice(slash + 1),
        ...(version && { version }),
        qualifiers: { ...qualifiers, repository_url },
      };
    },
  },

  routes: [
    {
      ...inRepository,
      kind: "metadata",
      match: /^\/(?<repo>[^/]+)\/(?<rest>index\.yaml)$/,
      // helm resolves them against the address of the repository, wherever its index came from.
      linksFrom: "asked",
      mayBeCut: true,
      parse: helmFacts,
      rewrite: helmIndex,
    },
    {
      ...inRepository,
      kind: "artifact",
      // Charts that lie elsewhere: only the index knows where.
      match: /^\/(?<repo>[^/]+)\/(?<rest>-\/(?<chart>[^/]+)\/(?<version>[^/]+)\/[^/]+\.tgz(?:\.prov)?)$/,
      release: ({ repo, chart, version }) => ({ name: `${repo!}/${chart!}`, version: version! }),
    },
    {
      ...inRepository,
      kind: "artifact",
      match: /^\/(?<repo>[^/]+)\/(?<rest>.+\.(?:tgz|tar\.gz)(?:\.prov)?)$/,
    },
  ],

  names: /^[^/]+\/[^/\s]+$/,
  catalog: helmCatalog,
  index: ({ name }) => [index(name.slice(0, name.indexOf("/")))],
  lockfiles: [chartLock],
  versions: {
    compare: compareSemver,
    isStable: isStableSemver,
    satisfies: (version, range) => semver.satisfies(version, range.replaceAll(",", " "), { loose: true }),
  },
};
