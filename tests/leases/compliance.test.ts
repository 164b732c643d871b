/** What every implementation of leases does: the port's law. A new one adds a line to IMPLEMENTATIONS. */
import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Leases } from "../../src/leases/port.ts";
import { symlinkLeases } from "../../src/leases/symlink/symlink-leases.ts";
import { type LeaseTable, memoryLeases } from "../support/memory-leases.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { delay } from "../support/unreliable.ts";

/** Two users of the same leases, as two processes would be. */
interface Users {
  first: Leases;
  second: Leases;
  close(): Promise<void>;
}

const IMPLEMENTATIONS: Record<string, () => Promise<Users>> = {
  "symbolic links": async () => {
    const { path } = await temporaryFolder();
    return {
      first: symlinkLeases(path),
      second: symlinkLeases(path, true),
      close: () => rm(path, { recursive: true }),
    };
  },
  "memory, each call delayed": async () => {
    const table: LeaseTable = new Map();
    return { first: memoryLeases(table, delay), second: memoryLeases(table, delay), close: async () => {} };
  },
};

for (const [name, open] of Object.entries(IMPLEMENTATIONS))
  describe(name, () => {
    const law = (what: string, run: (users: Users) => Promise<void>) =>
      test(what, async () => {
        const users = await open();
        try {
          await run(users);
        } finally {
          await users.close();
        }
      });

    law("one has a key until it is released", async ({ first, second }) => {
      const lease = await first.acquire("a");
      expect(lease).toBeDefined();
      expect([await second.acquire("a"), await first.acquire("a")]).toEqual([undefined, undefined]);
      await lease!.release();
      expect(await second.acquire("a")).toBeDefined();
    });

    law("keys are apart", async ({ first, second }) => {
      expect(await first.acquire("a")).toBeDefined();
      expect(await second.acquire("A")).toBeDefined();
      expect(await second.acquire("a ")).toBeDefined();
    });

    law("all see who has it", async ({ first, second }) => {
      const lease = await first.acquire("a");
      expect(await Promise.all([first.isLeased("a"), second.isLeased("a"), second.isLeased("b")])).toEqual([
        true,
        true,
        false,
      ]);
      expect(await second.isOwnedBy(lease!.owner, "a")).toBe(true);
      expect(await second.isOwnedBy(lease!.owner, "b")).toBe(false);
      await lease!.release();
      expect([await second.isLeased("a"), await second.isOwnedBy(lease!.owner, "a")]).toEqual([false, false]);
    });

    law("a second release does not take it from its successor", async ({ first, second }) => {
      const lease = await first.acquire("a");
      await lease!.release();
      const next = await second.acquire("a");
      await lease!.release();
      expect([await first.isLeased("a"), await first.isOwnedBy(next!.owner, "a")]).toEqual([true, true]);
      expect(next!.owner).not.toBe(lease!.owner);
    });

    law("of many who ask at once one gets it", async ({ first, second }) => {
      const asked = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? first : second).acquire("a"));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    });
  });
