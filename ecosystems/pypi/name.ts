/** PEP 503, and PEP 685 for extras: `Foo.Bar_baz` and `foo-bar-baz` are one. */
export function normalize(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}
