/** What an npm manifest asks to be installed beside it (https://docs.npmjs.com/cli/configuring-npm/package-json). */
import type { Requirement } from "../../src/contract/ecosystem.ts";
import type { Manifest } from "./packument.ts";

type Named = readonly (readonly [name: string, range: string])[];

/**
 * Direct dependencies, as any of npm 7 and later, pnpm, yarn and bun would take them. Peers are wanted unless they are
 * declared optional; bundled ones are in the tarball already. What is no record of texts, as in some old manifests, states
 * nothing.
 */
export function npmRequirements(manifest: Manifest): Requirement[] {
  const { peerDependenciesMeta: meta, bundleDependencies, bundledDependencies } = manifest;
  const weak = named(manifest.optionalDependencies);
  // The registry lists optional dependencies among the others too; that they are optional wins.
  const weakNames = new Set(weak.map(([name]) => name));
  const needed = named(manifest.dependencies).filter(([name]) => !weakNames.has(name));
  const peers = named(manifest.peerDependencies).filter(([name]) => !weakNames.has(name) && !isOptional(meta, name));
  const isBundled = bundled(bundleDependencies ?? bundledDependencies);
  const separate = (list: Named) => list.filter(([name]) => !isBundled(name));
  return [
    ...separate(needed).map(requirement),
    ...peers.map(requirement),
    ...separate(weak).map((each) => ({ ...requirement(each), weak: true })),
    ...named(manifest.devDependencies).map((each) => ({ ...requirement(each), optional: true })),
  ];
}

/**
 * What npm-package-arg takes a range for: a range or tag of the registry, another name there (`npm:b@^1`), or an address:
 * `user/repo`, `git+ssh:…`, `https:…`, `file:…`, `workspace:…`, an archive, a folder.
 */
function requirement([name, stated]: Named[number]): Requirement {
  const range = stated.trim();
  const alias = /^npm:(?<name>(?:@[^/@\s]+\/)?[^/@\s]+)(?:@(?<range>[^/:]*))?$/i.exec(range)?.groups;
  if (alias) return { name: alias.name!, range: alias.range?.trim() ?? "" };
  const isAddress = /^(?:\.|[a-z][a-z+]*:)|[\\/]|\.(?:tgz|tar|tar\.gz)$/i.test(range);
  return isAddress ? { name, range: "", elsewhere: range } : { name, range };
}

function named(stated: unknown): Named {
  if (typeof stated !== "object" || stated === null || Array.isArray(stated)) return [];
  return Object.entries(stated).flatMap(([name, range]) => (typeof range === "string" ? [[name, range] as const] : []));
}

function isOptional(meta: unknown, name: string): boolean {
  const stated = (meta as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return (stated as { optional?: unknown } | null | undefined)?.optional === true;
}

/** `true` means all of them. */
function bundled(stated: unknown): (name: string) => boolean {
  if (Array.isArray(stated)) return (name) => stated.includes(name);
  return () => stated === true;
}
