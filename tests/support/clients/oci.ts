/** Clients of image registries: each brings one image, for one platform or all, into a folder of its project. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "./client.ts";
import { CLIENTS, missingFile, missingProgram, prepare, run } from "./run.ts";

export interface Pull {
  dir: string;
  /** Of the registry: `127.0.0.1:8080`. */
  host: string;
  /** `library/app:1.0`. */
  image: string;
}

export interface OciClient {
  name: string;
  /** What tells its version. */
  version: readonly string[];
  unavailable(): string | undefined;
  /** It asks a registry that fails again and again, which takes longer than tests have. */
  isPatient?: boolean;
  pull(pull: Pull): Promise<Result>;
  /** The digests of what came, by the files that the client left: the files are named by them. */
  came(dir: string): Promise<Set<string>>;
}

const gone = join(CLIENTS, "go/bin");

/** An OCI layout in `out`. */
async function layout(dir: string): Promise<Set<string>> {
  const blobs = join(dir, "out/blobs/sha256");
  return new Set(existsSync(blobs) ? new Bun.Glob("*").scanSync({ cwd: blobs }) : []);
}

const options = ({ dir, host }: Pull) => ({ dir, url: host, packages: {} });
const POLICY = '{"default":[{"type":"insecureAcceptAnything"}]}';

async function ready(pull: Pull): Promise<string> {
  const home = await prepare(options(pull), "out");
  await mkdir(join(pull.dir, "out"), { recursive: true });
  await Bun.write(join(home, "policy.json"), POLICY);
  return home;
}

const skopeo: OciClient = {
  name: "skopeo",
  version: ["skopeo"],
  unavailable: () => missingProgram("skopeo"),
  async pull(pull) {
    const home = await ready(pull);
    const from = `docker://${pull.host}/${pull.image}`;
    const flags = ["--policy", `${home}/policy.json`, "copy", "--all", "--preserve-digests", "--src-tls-verify=false"];
    return run(options(pull), {}, ["skopeo", ...flags, from, "oci:out:it"]);
  },
  came: layout,
};

const crane: OciClient = {
  name: "crane",
  version: [join(gone, "crane"), "version"],
  isPatient: true,
  unavailable: () => missingFile(join(gone, "crane")),
  async pull(pull) {
    await ready(pull);
    const program = join(gone, "crane");
    const reference = `${pull.host}/${pull.image}`;
    const validate = [program, "validate", "--insecure", "--remote", reference];
    return run(options(pull), {}, validate, [program, "pull", "--insecure", "--format=oci", reference, "out"]);
  },
  came: layout,
};

const regctl: OciClient = {
  name: "regctl",
  version: [join(gone, "regctl"), "version"],
  unavailable: () => missingFile(join(gone, "regctl")),
  async pull(pull) {
    await ready(pull);
    const program = join(gone, "regctl");
    const copy = ["image", "copy", "--referrers", "--digest-tags", `${pull.host}/${pull.image}`, "ocidir://out:it"];
    return run(options(pull), {}, [program, "registry", "set", pull.host, "--tls", "disabled"], [program, ...copy]);
  },
  came: layout,
};

const oras: OciClient = {
  name: "oras",
  version: [join(gone, "oras"), "version"],
  isPatient: true,
  unavailable: () => missingFile(join(gone, "oras")),
  async pull(pull) {
    await ready(pull);
    const copy = [
      "copy",
      "--recursive",
      "--from-plain-http",
      `${pull.host}/${pull.image}`,
      "--to-oci-layout",
      "out:it",
    ];
    return run(options(pull), {}, [join(gone, "oras"), ...copy]);
  },
  came: layout,
};

/** Without a daemon, and without rights that the containers of tests do not have. */
const podman = (name: "podman" | "buildah"): OciClient => ({
  name,
  version: [name],
  unavailable: () => missingProgram(name),
  async pull(pull) {
    const home = await ready(pull);
    const store = ["--root", `${home}/root`, "--runroot", `${home}/run`, "--storage-driver", "vfs"];
    const policy = ["--signature-policy", `${home}/policy.json`];
    const command = [name, ...store, "pull", "--tls-verify=false", ...policy, `${pull.host}/${pull.image}`];
    return run(options(pull), { XDG_RUNTIME_DIR: home, TMPDIR: home }, command);
  },
  async came(dir) {
    const images = join(dir, ".home/root/vfs-images/images.json");
    if (!existsSync(images)) return new Set();
    const [image] = (await Bun.file(images).json()) as { digest: string; id: string }[];
    return new Set(image ? [image.digest.slice("sha256:".length), image.id] : []);
  },
});

export const ociClients: readonly OciClient[] = [skopeo, crane, regctl, oras, podman("podman"), podman("buildah")];

/** The suite of the distribution specification, of which the part runs that reads content that exists. */
export const conformance = {
  unavailable: () => missingFile(join(CLIENTS, "oci/bin/conformance")),
  async run({
    dir,
    host,
    results,
    content,
  }: {
    dir: string;
    host: string;
    results: string;
    content: Record<string, string[]>;
  }) {
    const home = await prepare({ dir, url: host, packages: {} });
    const named = Object.entries(content).map(([kind, names]) => [`OCI_RO_DATA_${kind}`, names.join(" ")]);
    const off = ["PUSH", "BLOBS_DELETE", "MANIFESTS_DELETE", "TAGS_DELETE"].map((name) => [`OCI_API_${name}`, "false"]);
    const env = { OCI_REGISTRY: host, OCI_TLS: "disabled", OCI_REPO1: "library/app", OCI_RESULTS_DIR: results };
    const all = { ...env, ...(Object.fromEntries([...named, ...off]) as Record<string, string>), TMPDIR: home };
    return run({ dir, url: host, packages: {} }, all, [join(CLIENTS, "oci/bin/conformance")]);
  },
};
