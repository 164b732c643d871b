import type { KeyFile } from "../contract/signatures.ts";

/** How files of keys are told apart and read. */
export interface KeyReader<Key> {
  /** As a message says it. */
  expected: string;
  isOne(file: KeyFile): boolean;
  /** Throws where there are none. */
  read(file: KeyFile): Promise<Key[]>;
}
