/** Items that are read before anything is recorded: most mistakes in a source show by then. */
const AHEAD = 10_000;

/** Returns the same items. Throws at once what reading the first of them throws. */
export async function readAhead<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = items[Symbol.asyncIterator]();
  const first: T[] = [];
  let isWhole = false;
  while (first.length < AHEAD && !isWhole) {
    const { value, done } = await iterator.next();
    if (done) isWhole = true;
    else first.push(value);
  }
  return (async function* () {
    yield* first;
    if (!isWhole) yield* { [Symbol.asyncIterator]: () => iterator };
  })();
}
