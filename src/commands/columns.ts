/** Names of people are theirs to choose: no control character reaches the terminal. */
function shown(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** Lines with aligned columns. @param isNumber whether a column, from 0, is aligned to the right */
export function columns(
  rows: readonly (readonly string[])[],
  isNumber: (column: number) => boolean = () => false,
): string[] {
  const cells = rows.map((cellsOfRow) => cellsOfRow.map(shown));
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((one) => one[at]?.length ?? 0)));
  const aligned = (text: string, at: number): string =>
    isNumber(at) ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0);
  return cells.map((one) => one.map(aligned).join('  ').trimEnd());
}
