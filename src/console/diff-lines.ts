/** A line of a comparison. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Beyond this, the parts that differ are shown as replaced: the table below would be too large. */
const MOST_CELLS = 4_000_000;

function commonStart(one: readonly string[], other: readonly string[]): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}

/** The longest common subsequence of two lists, as the lengths from each pair of positions on. */
function lengths(before: readonly string[], after: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const [row, below] = [table[i] as Uint32Array, table[i + 1] as Uint32Array];
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}

const lines = (kind: DiffLine['kind'], texts: readonly string[]): DiffLine[] =>
  texts.map((text) => ({ kind, text }));

/** The next line of the comparison at a pair of positions that are both inside the lists. */
function nextLine(
  {
    before,
    after,
    table,
  }: Readonly<Record<'before' | 'after', readonly string[]>> & { table: Uint32Array[] },
  i: number,
  j: number,
): DiffLine {
  const [old = '', now = ''] = [before[i], after[j]];
  if (old === now) return { kind: 'same', text: old };
  const removedFirst = (table[i + 1]?.[j] ?? 0) >= (table[i]?.[j + 1] ?? 0);
  return removedFirst ? { kind: 'removed', text: old } : { kind: 'added', text: now };
}

function compareMiddle(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length * after.length > MOST_CELLS)
    return [...lines('removed', before), ...lines('added', after)];
  const lists = { before, after, table: lengths(before, after) };
  const result: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const next = nextLine(lists, i, j);
    result.push(next);
    if (next.kind !== 'added') i++;
    if (next.kind !== 'removed') j++;
  }
  return [...result, ...lines('removed', before.slice(i)), ...lines('added', after.slice(j))];
}

/** Compares two texts line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [one, other] = [before.split('\n'), after.split('\n')];
  const start = commonStart(one, other);
  const [oneRest, otherRest] = [one.slice(start), other.slice(start)];
  const end = commonStart(oneRest.toReversed(), otherRest.toReversed());
  return [
    ...lines('same', one.slice(0, start)),
    ...compareMiddle(oneRest.slice(0, oneRest.length - end), otherRest.slice(0, otherRest.length - end)),
    ...lines('same', oneRest.slice(oneRest.length - end)),
  ];
}
