/** Hours of the day in which a mirror may work: `22:00-06:00`, by the clock of this machine. */

export const WINDOW = "hours such as 22:00-06:00";

/** Minutes since midnight, from and to. `undefined` where it is none. */
export function parseWindow(text: string): readonly [from: number, to: number] | undefined {
  const found = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!found) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = found.slice(1).map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  return from === to ? undefined : [from, to];
}

/** Whether work may begin at a time. Its end is no part of it; one that ends before it begins goes over midnight. */
export function isWithinWindow(text: string | undefined, at: Date): boolean {
  const window = text === undefined ? undefined : parseWindow(text);
  if (!window) return true;
  const [from, to] = window;
  const minute = at.getHours() * 60 + at.getMinutes();
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}
