import { JSONParser } from "@streamparser/json";

/** Elements are handed on in lots of about so many. */
const LOT = 1_000;

/** The values at a path (`$.projects.*`) of a JSON text that is never in memory whole. Throws where it is none, or ends too early. */
export async function* itemsOf<T>(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<T[]> {
  const parser = new JSONParser({ paths: [path], keepStack: false });
  let items: T[] = [];
  let isWhole = false;
  let failure: Error | undefined;
  parser.onValue = ({ value }) => void items.push(value as T);
  parser.onEnd = () => {
    isWhole = true;
  };
  parser.onError = (error) => {
    failure = error;
  };
  for await (const chunk of chunks) {
    if (isWhole) break;
    parser.write(chunk);
    if (failure) throw new SyntaxError(`it is no JSON: ${failure.message}`);
    if (items.length < LOT) continue;
    yield items;
    items = [];
  }
  if (!isWhole) throw new SyntaxError("it ends before the JSON in it does");
  yield items;
}
