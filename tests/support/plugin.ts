/** Documents and views as the engine hands them to plugins: the conformance kit's own. */
import type { Body } from "../../src/contract/ecosystem.ts";

export { mountOf, read, view } from "../../src/conformance/setting.ts";

/** The object that a body of JSON is. */
export function bodyOf(body: Body | undefined): unknown {
  const text = typeof body === "object" && "body" in body ? body.body : body;
  return JSON.parse(typeof text === "string" ? text : new TextDecoder().decode(text));
}
