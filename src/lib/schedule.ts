import { Cron } from "croner";

export const SCHEDULE =
  "five fields as cron has them (minute, hour, day of the month, month, day of the week: `30 3 * * 1-5`), or @hourly, @daily, @weekly, @monthly or @yearly";

/** When a schedule comes next after a time, both in milliseconds since 1970. `timezone`: an IANA name; absent: the machine's. */
export function nextTime(schedule: string, timezone: string | undefined, after: number): number | undefined {
  return new Cron(schedule, { mode: "5-part", ...(timezone && { timezone }) }).nextRun(new Date(after))?.getTime();
}

/** Whether it is one, and comes at all. */
export function isSchedule(text: string): boolean {
  // Dates would be taken too, and come once.
  if (!/^(?:@[a-z]+|\S+(?: +\S+){4})$/i.test(text)) return false;
  try {
    return nextTime(text, "UTC", Date.now()) !== undefined;
  } catch {
    return false;
  }
}

export function isTimezone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
