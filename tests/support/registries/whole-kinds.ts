/** Whole registries by ecosystem: how each is made, configured, and what its files are. */
import { overlay, type Tree } from "../tree.ts";
import { debianMaven } from "./debian-maven.ts";
import { digits, Whole } from "./whole.ts";
import { DUMP, wholeCargo } from "./whole-cargo.ts";
import { wholeDebian } from "./whole-debian.ts";
import { wholeGem } from "./whole-gem.ts";
import { INDEX, wholeGolang } from "./whole-golang.ts";
import { CHARTS, wholeHelm } from "./whole-helm.ts";
import { wholeMaven } from "./whole-maven.ts";
import { REPLICATION, wholeNpm } from "./whole-npm.ts";
import { wholeNuget } from "./whole-nuget.ts";
import { wholePypi } from "./whole-pypi.ts";

export interface Kind {
  ecosystem: "npm" | "pypi" | "cargo" | "golang" | "maven" | "gem" | "nuget" | "debian" | "helm";
  /** Of packages; default as `Whole` has it. */
  nameOf?: (index: number) => string;
  make: (whole: Whole, base: string) => Tree;
  /** By what its base URL is. */
  upstreams: (base: string) => { default: string } & Record<string, string>;
  /** Of its mount. */
  options?: Readonly<Record<string, readonly string[]>>;
  /** The file of a release. */
  file: RegExp;
  /** Whether what is gone can be told. */
  forgets: boolean;
  /** A version, as this ecosystem's clients ask for it. */
  asked: (version: string) => string;
}

const exactly = (version: string) => version;

export const KINDS: readonly Kind[] = [
  {
    ecosystem: "npm",
    make: (whole, base) => wholeNpm(whole, base),
    upstreams: (base) => ({ default: base, replication: base + REPLICATION }),
    file: /\.tgz$/,
    forgets: true,
    asked: exactly,
  },
  {
    ecosystem: "pypi",
    make: (whole, base) => wholePypi(whole, base),
    upstreams: (base) => ({ default: base }),
    file: /\.whl$/,
    forgets: true,
    asked: (version) => `==${version}`,
  },
  {
    ecosystem: "golang",
    nameOf: (index) => `whole.example/m${digits(index)}`,
    make: wholeGolang,
    upstreams: (base) => ({ default: base, index: base + INDEX }),
    file: /\.zip$/,
    forgets: false,
    asked: (version) => `v${version}`,
  },
  {
    ecosystem: "cargo",
    make: wholeCargo,
    upstreams: (base) => ({ default: base, dump: base + DUMP }),
    file: /\.crate$/,
    forgets: true,
    asked: (version) => `=${version}`,
  },
  {
    ecosystem: "maven",
    nameOf: (index) => `org.whole:a${digits(index)}`,
    // Its client's own plugins come from there too.
    make: (whole) => overlay(wholeMaven(whole), debianMaven),
    upstreams: (base) => ({ default: base }),
    file: /a\d+-1\.\d\.0\.jar$/,
    forgets: true,
    asked: exactly,
  },
  {
    ecosystem: "gem",
    // A dash before a digit could be where the version begins.
    nameOf: (index) => `whole_${digits(index)}`,
    make: (whole) => wholeGem(whole),
    upstreams: (base) => ({ default: base }),
    file: /\.gem$/,
    forgets: true,
    asked: exactly,
  },
  {
    ecosystem: "nuget",
    make: (whole, base) => wholeNuget(whole, base),
    upstreams: (base) => ({ default: base }),
    file: /\.nupkg$/,
    forgets: true,
    asked: (version) => `[${version}]`,
  },
  {
    ecosystem: "debian",
    make: (whole) => wholeDebian(whole),
    upstreams: (base) => ({ default: base }),
    options: { suites: ["stable"] },
    file: /\.deb$/,
    forgets: true,
    asked: exactly,
  },
  {
    ecosystem: "helm",
    make: wholeHelm,
    upstreams: (base) => ({ default: base + CHARTS }),
    file: /\.tgz$/,
    forgets: true,
    asked: exactly,
  },
];

export function kindOf(ecosystem: Kind["ecosystem"]): Kind {
  return KINDS.find((kind) => kind.ecosystem === ecosystem)!;
}

export function wholeOf({ nameOf }: Kind, size: number): Whole {
  return new Whole({ size, ...(nameOf && { nameOf }) });
}
