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

/** Shows how it stands until `stop`, which may be called more than once. */
export function showProgress(stands: () => Standing): { stop(): void } {
  const isTerminal = process.stderr.isTTY;
  const tell = () => {
    const { share, text } = stands();
    const filled = Math.min(WIDTH, Math.round(share * WIDTH));
    const bar = `[${"#".repeat(filled)}${" ".repeat(WIDTH - filled)}]`;
    process.stderr.write(isTerminal ? `\r\u001b[K${bar} ${text}` : `${text}\n`);
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
