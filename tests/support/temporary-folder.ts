import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** A new, empty folder: `await using folder = await temporaryFolder()` removes it at the end of the block. */
export async function temporaryFolder(prefix = "proxy-test-"): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  // The Go module cache is read-only; rm needs the write bits of its folders.
  const remove = async () => {
    await Bun.$`chmod -R u+w ${path}`.quiet().nothrow();
    await rm(path, { recursive: true, force: true });
  };
  return { path, remove, [Symbol.asyncDispose]: remove };
}
