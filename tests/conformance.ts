/** Holds a plugin to the laws of src/conformance, each a test. */
import { describe, test } from "bun:test";
import { type Conformance, lawsOf } from "../src/conformance/conformance.ts";
import type { Ecosystem } from "../src/contract/ecosystem.ts";

export type { Conformance };

export function conforms(ecosystem: Ecosystem, conformance: Conformance): void {
  describe(`${ecosystem.id} conforms`, () => {
    for (const { name, check } of lawsOf(ecosystem, conformance)) test(name, check);
  });
}
