/** Wheels and sdists of Python packages as tests tell them. */
import { padded } from "../archives/files.ts";
import { tarGz } from "../archives/tar.ts";
import { zip } from "../archives/zip.ts";
import { base64, hex, type Package, type Release, releasesOf } from "./package.ts";

export interface PypiRelease extends Release {
  /** Default `["wheel"]`. */
  files?: readonly ("wheel" | "sdist")[];
  /** PEP 592: true, or the reason. */
  yanked?: boolean | string;
  /** Default `>=3.8`. */
  requiresPython?: string;
  /** Wheel tags; default `["py3-none-any"]`, one wheel each. */
  tags?: readonly string[];
}

export type PypiPackage = Package<PypiRelease>;

/** PEP 503: `Fx_A.b` → `fx-a-b`. */
export const normalized = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

export interface PypiFile {
  version: string;
  kind: "wheel" | "sdist";
  filename: string;
  /** `/packages/aa/bb/60 hex/filename`, by the file's BLAKE2b-256. */
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
  metadata: string;
  publishedAt: string;
  requiresPython: string;
  yanked: boolean | string;
}

/** Every file of a package, wheels before sdists. */
export function filesOf(pack: PypiPackage): PypiFile[] {
  const module = normalized(pack.name).replaceAll("-", "_");
  return releasesOf(pack).flatMap((release) => {
    const { version, publishedAt, requiresPython = ">=3.8", yanked = false, size } = release;
    const { files = ["wheel"], tags = ["py3-none-any"] } = release;
    const requires = Object.entries(release.dependencies).map(([name, range]) => `Requires-Dist: ${name}${range}\n`);
    const metadata = `Metadata-Version: 2.1\nName: ${pack.name}\nVersion: ${version}\nRequires-Python: ${requiresPython}\n${requires.join("")}`;
    const shared = { version, metadata, publishedAt, requiresPython, yanked };
    const make = (kind: "wheel" | "sdist", filename: string, bytes: Uint8Array<ArrayBuffer>): PypiFile => {
      const digest = hex("blake2b256", bytes);
      const path = `/packages/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest.slice(4)}/${filename}`;
      return { ...shared, kind, filename, path, bytes };
    };
    const wheels = tags.map((tag) =>
      make("wheel", `${module}-${version}-${tag}.whl`, wheel(module, version, tag, metadata, size)),
    );
    const source = make("sdist", `${module}-${version}.tar.gz`, sdist(module, version, metadata));
    return [...(files.includes("wheel") ? wheels : []), ...(files.includes("sdist") ? [source] : [])];
  });
}

/** PEP 427, with the hashes of all files in RECORD. */
function wheel(module: string, version: string, tag: string, metadata: string, size: number | undefined) {
  const info = `${module}-${version}.dist-info`;
  const content = {
    [`${module}/__init__.py`]: `VERSION = "${version}"\n`,
    [`${info}/METADATA`]: metadata,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: fixtures\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
  };
  const files = padded(content, `${module}/filler.bin`, size);
  const record = Object.entries(files).map(([path, bytes]) => {
    const digest = base64("sha256", bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
    return `${path},sha256=${digest},${Buffer.byteLength(bytes)}\n`;
  });
  return zip({ ...files, [`${info}/RECORD`]: `${record.join("")}${info}/RECORD,,\n` });
}

/**
 * PEP 517 with a build backend of its own in the archive (`backend-path`), so that building it asks the index for nothing.
 */
function sdist(module: string, version: string, metadata: string) {
  const root = `${module}-${version}`;
  return tarGz({
    [`${root}/PKG-INFO`]: metadata,
    [`${root}/pyproject.toml`]: `[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n`,
    [`${root}/backend.py`]: backend(module, version),
    [`${root}/${module}/__init__.py`]: `VERSION = "${version}"\n`,
  });
}

function backend(module: string, version: string): string {
  const info = `${module}-${version}.dist-info`;
  const file = `${module}-${version}-py3-none-any.whl`;
  return `import os, zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(wheel_directory, "${file}"), "w") as wheel:
        wheel.write("${module}/__init__.py")
        wheel.write("PKG-INFO", "${info}/METADATA")
        wheel.writestr("${info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: fixtures\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("${info}/RECORD", "".join(f"{name},,\\n" for name in [*wheel.namelist(), "${info}/RECORD"]))
    return "${file}"
`;
}
