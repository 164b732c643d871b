/** `proxy verify` without sources: reads again what is held. */

import { sweep } from "../../app/housekeeping.ts";
import { remarkOn } from "../../app/places.ts";
import { profileOf } from "../../app/profile.ts";
import { openPool, openRuntime, type RuntimeOptions } from "../../app/runtime.ts";
import { Scrub, type ScrubItem, type ScrubOptions } from "../../cache/integrity/scrub.ts";
import { BadRequest } from "../../lib/errors.ts";
import { counted, formatSize } from "../../lib/sizes.ts";
import { DURATION, parseDuration, parseSize, SIZE } from "../../lib/units.ts";
import type { Setup } from "../command.ts";
import { listed } from "../report/mirror-report.ts";
import { showProgress } from "../report/progress-line.ts";
import { openReport } from "../report/report-file.ts";

export interface HeldFlags {
  /** `10%` or `1000`: blobs, those first that were verified longest ago. */
  sample?: string | undefined;
  /** `1d`: only blobs that were not verified for so long. */
  olderThan?: string | undefined;
  /** `50MB`: bytes read per second. */
  rate?: string | undefined;
  /** `12`: at most so many files that the database does not know are removed. */
  removeUnknown?: string | undefined;
  json: boolean;
  /** A file. */
  report?: string | undefined;
}

/** Milliseconds after which nobody will go on with an interrupted download. */
const ABANDONED = 7 * 24 * 60 * 60 * 1_000;
/** Items that were wrong of which the summary tells; the counts tell the rest. */
const KEPT = 1_000;
const WRONG: readonly ScrubItem["outcome"][] = ["repaired", "lost", "damaged", "untrusted", "mismatch"];

/** The exit code: 1 if anything was wrong, though it be repaired. Throws BadRequest for flags that make no sense. */
export async function verifyHeld({ config, sources }: Setup, flags: HeldFlags): Promise<number> {
  const { rate, age, shareOf, removeUnknown } = readFlags(flags);
  const options: RuntimeOptions = {
    config,
    sources,
    profile: profileOf("repair", config),
  };
  const report = flags.report === undefined ? undefined : openReport(flags.report, "verify");
  const runtime = await openRuntime(options);
  const objection = runtime.ownership.objection();
  if (removeUnknown !== undefined && objection !== undefined)
    throw new BadRequest(`--remove-unknown: ${remarkOn(objection)}`);
  const pool = openPool(config.workers, options);
  const [wrong, unverified]: [ScrubItem[], ScrubItem[]] = [[], []];
  const since = Date.now() - age;
  const scrubbing: ScrubOptions = {
    mounts: runtime.mounts,
    hash: (input) => pool.run("hash", input),
    lanes: config.workers || navigator.hardwareConcurrency,
    rate,
    since,
    removeUnknown,
    sample: shareOf?.(runtime.cache.context.blobs.totals().blobs),
    tell: (item) => {
      report?.item(item);
      if (WRONG.includes(item.outcome) && wrong.length < KEPT) wrong.push(item);
      if (item.outcome === "unverified" && unverified.length < KEPT) unverified.push(item);
    },
  };
  const scrub = new Scrub(runtime.cache, scrubbing);
  const { progress } = scrub;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  const { stop } = flags.json
    ? { stop: () => {} }
    : showProgress(() => ({
        share: progress.totalBytes === 0 ? 1 : progress.bytes / progress.totalBytes,
        text: `${progress.blobs}/${counted(progress.total, "blob")}, ${formatSize(progress.bytes)}, ${formatSize(Math.round(progress.bytes / Math.max(seconds(), 0.001)))}/s, ${progress.repaired} repaired, ${progress.lost} lost`,
      }));
  try {
    await scrub.run();
    const mayRemove = flags.sample === undefined && objection === undefined;
    const abandoned = mayRemove ? await sweep(runtime.cache.context.storage.parts, ABANDONED) : 0;
    stop();
    const { total: _, totalBytes: __, unknownBytes, ...counts } = progress;
    const totals = { ...counts, abandoned, seconds: seconds() };
    await report?.close({ ...totals, unknown_bytes: unknownBytes });
    const place = { store: runtime.places.storage, database: runtime.database.path };
    const all = { ...totals, unknown_bytes: unknownBytes, ...place, wrong, unverified_files: unverified };
    if (flags.json) console.log(JSON.stringify(all, null, 2));
    else console.log(summary({ ...totals, unknownBytes }, wrong, unverified));
    if (objection !== undefined) console.error(remarkOn(objection));
    const { repaired, lost, damaged, untrusted, mismatched } = progress;
    return repaired + lost + damaged + untrusted + mismatched > 0 ? 1 : 0;
  } finally {
    stop();
    pool.close();
    await runtime.close();
  }
}

type Totals = Omit<Scrub["progress"], "total" | "totalBytes"> & { abandoned: number; seconds: number };

/** `1 file`, `2 files`. */
const filesOf = (count: number) => counted(count, "file");

function summary(totals: Totals, wrong: readonly ScrubItem[], nothingStated: readonly ScrubItem[]): string {
  const { blobs, bytes, verified, unverified, repaired, lost, damaged, untrusted, mismatched, seconds } = totals;
  const { unknown, unknownBytes, removed, abandoned } = totals;
  const others = [
    damaged > 0 && `${damaged} damaged`,
    untrusted > 0 && `${untrusted} not signed as they must be`,
    mismatched > 0 && `${mismatched} not what their index states, and withheld`,
    unverified > 0 && `${unverified} unverified: nothing states their digest`,
  ].filter(Boolean);
  const lines = [
    `${counted(blobs, "blob")} read (${formatSize(bytes)}) in ${seconds.toFixed(1)} s: ${[`${counted(verified, "file is", "files are")} right, ${repaired} repaired, ${lost} lost`, ...others].join(", ")}`,
  ];
  if (abandoned > 0) lines.push(`${filesOf(abandoned)} of interrupted downloads removed`);
  if (removed > 0) lines.push(`${filesOf(removed)} that this database does not know removed`);
  if (unknown > 0)
    lines.push(
      `${filesOf(unknown)} (${formatSize(unknownBytes)}) in the store that this database does not know; they stay. Should no other database describe them, --remove-unknown ${unknown} removes them`,
    );
  const told = wrong.map(
    ({ outcome, mount, path, purl, expected, found, reason, quarantine }) =>
      `${outcome}: ${purl ? `${purl} ` : ""}/${mount}${path}: ${[expected && `expected ${expected}, found ${found}`, reason].filter(Boolean).join("; ")}${quarantine ? `; kept as ${quarantine}` : ""}`,
  );
  const undescribed = nothingStated.map(
    ({ mount, path, purl }) => `unverified: ${purl ? `${purl} ` : ""}/${mount}${path}`,
  );
  const count = repaired + lost + damaged + untrusted + mismatched;
  return [...lines, ...listed(told, count), ...listed(undescribed, unverified)].join("\n");
}

function readFlags({ sample, olderThan, rate, removeUnknown }: HeldFlags) {
  if (removeUnknown !== undefined && (sample !== undefined || olderThan !== undefined))
    throw new BadRequest("--remove-unknown looks at the whole store; leave --sample and --older-than out");
  if (removeUnknown !== undefined && !/^\d{1,9}$/.test(removeUnknown))
    throw new BadRequest(`--remove-unknown ${removeUnknown}: expected how many files there may be at most, such as 12`);
  const bytes = rate === undefined ? 0 : parseSize(rate);
  if (bytes === undefined || (rate !== undefined && bytes === 0))
    throw new BadRequest(`--rate ${rate}: expected ${SIZE}, above 0; it is read per second`);
  const age = olderThan === undefined ? 0 : parseDuration(olderThan);
  if (age === undefined) throw new BadRequest(`--older-than ${olderThan}: expected ${DURATION}`);
  const most = removeUnknown === undefined ? undefined : Number(removeUnknown);
  return { rate: bytes, age, removeUnknown: most, shareOf: sample === undefined ? undefined : shareOf(sample) };
}

function shareOf(sample: string): (all: number) => number {
  const { number, percent } = /^(?<number>\d+(?:\.\d+)?)(?<percent>%?)$/.exec(sample)?.groups ?? {};
  const value = Number(number);
  const fits = percent ? value <= 100 : Number.isSafeInteger(value);
  if (!fits || !(value > 0))
    throw new BadRequest(`--sample ${sample}: expected a share such as 10%, or a number of blobs`);
  return (all) => (percent ? Math.ceil((all * value) / 100) : value);
}
