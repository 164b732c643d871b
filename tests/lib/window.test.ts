import { expect, test } from "bun:test";
import { isWithinWindow, parseWindow } from "../../src/lib/window.ts";

const at = (time: string) => new Date(`2026-03-10T${time}:00`);

test.each<[string, string[], string[]]>([
  ["22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "12:00", "21:59"]],
  ["09:30-17:00", ["09:30", "16:59"], ["09:29", "17:00", "00:00"]],
])("%s", (window, within, without) => {
  expect(within.filter((time) => !isWithinWindow(window, at(time)))).toEqual([]);
  expect(without.filter((time) => isWithinWindow(window, at(time)))).toEqual([]);
});

test("without one it is always open", () => expect(isWithinWindow(undefined, at("12:00"))).toBe(true));

test.each(["22-06", "24:00-06:00", "22:00", "10:00-10:00", "22:60-06:00", " 22:00-06:00"])("%s is none", (text) =>
  expect(parseWindow(text)).toBeUndefined(),
);
