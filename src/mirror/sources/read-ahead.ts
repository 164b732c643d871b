/** Reads so much of a source before anything is made of it: most that make no sense turn out so before there is a folder for them. */
const AHEAD = 10_000;

/** The same items. Throws at once what reading the first ones throws. */
export async function ahead<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
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
