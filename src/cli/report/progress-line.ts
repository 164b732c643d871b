/** A bar on a terminal, a line now and then elsewhere: on stderr, so that results can be piped. */

export interface Standing {
  /** Between 0 and 1. */
  share: number;
  text: string;
}

/** Milliseconds between updates. */
const BAR = 100;
const LINE = 5_000;
/** Characters of the bar. */
const WIDTH = 24;
/** Columns of a terminal that does not say how many it has. */
const LONGEST = 80;

/** Shows how it stands until `stop`, which may be called more than once. */
export function showProgress(stands: () => Standing): { stop(): void } {
  const isTerminal = process.stderr.isTTY;
  const tell = () => {
    const { share, text } = stands();
    const filled = Math.min(WIDTH, Math.round(share * WIDTH));
    const bar = `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}]`;
    const line = fitted(`${bar} ${text}`, process.stderr.columns);
    process.stderr.write(isTerminal ? `\r\u001b[K${line}` : `${text}\n`);
  };
  let timer: ReturnType<typeof setInterval> | undefined = setInterval(tell, isTerminal ? BAR : LINE);
  return {
    stop: () => {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      if (isTerminal) process.stderr.write("\r\u001b[K");
    },
  };
}

/** A line that wraps could not be taken back. `columns`: of the terminal, where it says how many it has. */
export function fitted(line: string, columns = 0): string {
  return line.slice(0, (columns || LONGEST) - 1);
}
