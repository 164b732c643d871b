export function openReport(_path: string, _kind: string) {
  return { item(_record: object): void {}, async close(_totals: object): Promise<void> {} };
}
