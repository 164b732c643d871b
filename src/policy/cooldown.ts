/**
 * Cooldown: a release younger than a threshold is kept from clients, so that a hijacked package is found out before it
 * spreads. Pure: dates in, decision out.
 */
export interface CooldownSettings {
  /** Milliseconds; the most specific wins: package, ecosystem, default. 0 admits at once. */
  default: number;
  /** By ecosystem id. */
  ecosystems: Readonly<Record<string, number>>;
  /** By PURL without version. */
  packages: Readonly<Record<string, number>>;
  /** What becomes of a release that nothing dates. */
  unknown: "withhold" | "admit";
}

export function thresholdFor(settings: CooldownSettings, ecosystem: string, purl: string): number {
  return settings.packages[purl] ?? settings.ecosystems[ecosystem] ?? settings.default;
}

/** Whether any package of an ecosystem may be held back, so that dates are worth knowing. */
export function mayWithhold(settings: CooldownSettings, ecosystem: string): boolean {
  return (
    (settings.ecosystems[ecosystem] ?? settings.default) > 0 ||
    Object.values(settings.packages).some((threshold) => threshold > 0)
  );
}

/** When a release is old enough: milliseconds since 1970; `undefined`: never, since nothing dates it. */
export function maturity(
  settings: CooldownSettings,
  threshold: number,
  publishedAt: number | undefined,
): number | undefined {
  if (threshold === 0) return 0;
  if (publishedAt === undefined || Number.isNaN(publishedAt)) return settings.unknown === "admit" ? 0 : undefined;
  return publishedAt + threshold;
}
