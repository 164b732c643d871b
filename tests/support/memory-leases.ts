/** Leases in the memory of this process, for tests; each call may take its time and fail. */
import type { Leases } from "../../src/leases/port.ts";

/** What owners share. */
export type LeaseTable = Map<string, string>;

/** Of one owner; `unreliable`: what happens before each call. */
export function memoryLeases(table: LeaseTable = new Map(), unreliable: () => Promise<void> = async () => {}): Leases {
  return {
    acquire: async (key) => {
      await unreliable();
      if (table.has(key)) return undefined;
      const owner = crypto.randomUUID();
      table.set(key, owner);
      return {
        owner,
        release: async () => {
          if (table.get(key) === owner) table.delete(key);
        },
      };
    },
    isLeased: async (key) => {
      await unreliable();
      return table.has(key);
    },
    isOwnedBy: async (owner, key) => {
      await unreliable();
      return table.get(key) === owner;
    },
  };
}
