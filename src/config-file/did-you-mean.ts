/** Levenshtein distance. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    row.slice(1).forEach((above, column) => {
      const diagonal = (row[column] ?? 0) + (letter === to[column] ? 0 : 1);
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, diagonal));
    });
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** The candidate closest to a misspelt word; undefined if none is close. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const plain = word.slice(0, 40).toLowerCase().replaceAll(/[-_]/g, '');
  const scored = candidates
    .map((candidate) => ({ candidate, steps: distance(plain, candidate.toLowerCase()) }))
    .filter(({ candidate, steps }) => steps <= Math.max(1, Math.floor(candidate.length / 3)))
    .sort((one, other) => one.steps - other.steps);
  return scored[0]?.candidate;
}
