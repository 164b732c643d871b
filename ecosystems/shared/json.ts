import type { Body } from "../../src/contract/ecosystem.ts";

/** An object as a body. */
export function json(value: unknown, headers: Record<string, string> = {}): Body {
  return { body: JSON.stringify(value), mediaType: "application/json", headers };
}
