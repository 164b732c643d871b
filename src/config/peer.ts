/** Keys and variables of the Go peer's configuration that this version lacks, and what to do in their place. */

/** Keys that protect: a start that ignored them would be an unprotected one. */
const PROTECTING: readonly string[] = ["denylist", "scanning", "cooldown.package_patterns"];

const REFUSED = "this version does not have it; it is refused since it would protect nobody here";

/** What is written in another way here. */
const WRITTEN_OTHERWISE: Readonly<Record<string, string>> = {
  "upstream.debian_repositories":
    "this version serves each repository from a mount of its own: write `mounts: { NAME: { ecosystem: debian, upstreams: { default: URL } } }`, and clients use /NAME",
  "upstream.oci_mirrors":
    "this version names an upstream by the registry whose images it has: write `upstream: { oci: { registry.example: URL } }`",
};

/** Ecosystems that its files may name; those that no plugin describes have nothing that a setting could apply to. */
const ECOSYSTEMS: ReadonlySet<string> = new Set(
  "apk cargo composer conan conda cran debian gem generic golang helm hex homebrew julia maven npm nuget oci pub pypi rpm swift".split(
    " ",
  ),
);

/** Whether its files may name an ecosystem that this program does not have. */
export function isEcosystemElsewhere(id: string): boolean {
  return ECOSYSTEMS.has(id);
}

/** Why a key that the schema does not know is refused, where the peer has it. */
export function refusalOf(key: string): string | undefined {
  if (PROTECTING.includes(key)) return `${REFUSED}: remove it to start without it`;
  return WRITTEN_OTHERWISE[key];
}

/** Protecting settings as environment variables, such as PROXY_SCANNING_ENABLED, unless they turn it off. */
export function protectingVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value = ""]) =>
    PROTECTING.some((key) => name.startsWith(`PROXY_${key.replace(".", "_").toUpperCase()}`)) &&
    !/^(?:|0|false|off|no)$/i.test(value)
      ? [`environment variable ${name}: ${REFUSED}: unset it to start without it`]
      : [],
  );
}

/** Why a value is refused, where the peer has it. */
export function refusalOfValue(path: readonly string[], value: unknown): string | undefined {
  return value === "ecr" && path.length === 4 && path[1] === "auth" && path[3] === "type"
    ? "this version does not fetch tokens of ECR: write `type: basic`, `username: AWS` and, as `password`, what `aws ecr get-login-password` prints, which is valid for 12 hours"
    : undefined;
}

/** Cooldowns of ecosystems that this program does not have, and which therefore apply to nothing. */
export function cooldownsWithoutEffect(
  cooldowns: Readonly<Record<string, unknown>>,
  ecosystems: readonly string[],
  origin: string,
): string[] {
  return Object.keys(cooldowns)
    .filter((id) => !ecosystems.includes(id))
    .map((id) => `cooldown.ecosystems.${id} (${origin}) has no effect: this version has no ecosystem ${id}`);
}
