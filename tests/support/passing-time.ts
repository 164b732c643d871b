/** Lets time pass for what measures intervals by `performance.now()`, or sets the clock of the machine, which must not matter to it. */
import { setSystemTime, spyOn } from "bun:test";

export interface PassingTime extends Disposable {
  /** So many milliseconds go by at once. */
  pass(milliseconds: number): void;
  /** Somebody sets the clock, by so many milliseconds. */
  setClock(by: number): void;
}

export function passingTime(): PassingTime {
  const now = performance.now.bind(performance);
  let passed = 0;
  const spy = spyOn(performance, "now").mockImplementation(() => now() + passed);
  return {
    pass: (milliseconds) => {
      passed += milliseconds;
    },
    setClock: (by) => setSystemTime(Date.now() + by),
    [Symbol.dispose]: () => {
      spy.mockRestore();
      setSystemTime();
    },
  };
}
