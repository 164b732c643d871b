/** The configuration's rendering of mirror requests: `mirrors`, the jobs that a server runs on a schedule. */
import { z } from "zod";
import { isSchedule, isTimezone, SCHEDULE } from "../lib/schedule.ts";
import { contradictions, FILE_FIELDS, messageFor, requestShape, type Spelling } from "../mirror/request/request.ts";
import { itemOf } from "../mirror/request/values.ts";
import { scalar } from "./values.ts";

const mirrorName = scalar("a name of letters, digits, -, _ and .", (raw) =>
  /^[\w.-]{1,100}$/.test(raw) ? raw : undefined,
);

// How a single run is made is decided by the schedule.
const { follow: _f, concurrency: _c, refresh: _r, strict: _s, dry_run: _d, ...requestKeys } = requestShape;

const keys = {
  schedule: scalar(SCHEDULE, (raw) => (isSchedule(raw) ? raw : undefined)).meta({
    description: `When it runs: ${SCHEDULE}.`,
  }),
  timezone: scalar("a time zone such as Europe/Berlin", (raw) => (isTimezone(raw) ? raw : undefined))
    .optional()
    .meta({ description: "Whose hours `schedule` means: `Europe/Berlin`. Unset: the machine's." }),
  ...requestKeys,
};

/** The names of keys are those of the fields. */
const spelling: Spelling = (name) => (Object.hasOwn(keys, name) ? name : undefined);

const mirror = z.preprocess(
  asFields,
  z.strictObject(keys).superRefine((request, context) => {
    for (const problem of contradictions(request))
      context.addIssue({ code: "custom", path: [...problem.path], message: messageFor(problem, spelling) });
  }),
);

/** A job that a server runs on a schedule. */
export type ScheduledMirror = z.infer<typeof mirror>;

export function mirrorsSection() {
  return z.record(mirrorName, mirror).prefault({}).meta({
    description: "Mirror jobs that a server runs on a schedule, so that what they name stays current.",
  });
}

/** A file's scalars are read as the texts that they are; lists may be one text with commas, files one name. */
function asFields(raw: unknown): unknown {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return raw;
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, asField(name, value)]));
}

function asField(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  const text = asText(value);
  if (typeof text !== "string") return text;
  if ((FILE_FIELDS as readonly string[]).includes(name)) return [text];
  const isList = Object.hasOwn(keys, name) && itemOf(keys[name as keyof typeof keys]) !== undefined;
  return isList ? text.split(/ *, */).filter(Boolean) : text;
}

function asText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}
