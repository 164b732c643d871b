/**
 * Runs two things in turn, several times, and takes the best of each: what disturbs one round of a busy machine disturbs both,
 * and the best is what the least disturbed round gave.
 */
export async function alternate<T>(
  rounds: number,
  best: (a: T, b: T) => T,
  ours: (round: number) => Promise<T>,
  reference: (round: number) => Promise<T>,
): Promise<{ ours: T; reference: T }> {
  const results: { ours: T; reference: T }[] = [];
  for (let round = 0; round < rounds; round++)
    results.push({ ours: await ours(round), reference: await reference(round) });
  return results.reduce((a, b) => ({ ours: best(a.ours, b.ours), reference: best(a.reference, b.reference) }));
}
