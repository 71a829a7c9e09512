import { diffLines, type DiffLine } from './diff-lines.ts';

const CONTEXT = 3;
const SIGNS = { same: ' ', added: '+', removed: '-' } as const;

/** Positions of lines that are at most `CONTEXT` lines from a change. */
function nearChanges(all: readonly DiffLine[]): boolean[] {
  const near = all.map(() => false);
  all.forEach(({ kind }, at) => {
    if (kind === 'same') return;
    for (let i = Math.max(0, at - CONTEXT); i <= Math.min(all.length - 1, at + CONTEXT); i++) near[i] = true;
  });
  return near;
}

/** The changes as `diff -u` writes them, for `patch`; empty if there are none. @param name of the file */
export function unifiedDiff(before: string, after: string, name: string): string {
  const endsAlike = [before, after].map((text) => (text.endsWith('\n') ? text.slice(0, -1) : text));
  const all = diffLines(endsAlike[0] ?? '', endsAlike[1] ?? '');
  const near = nearChanges(all);
  const out: string[] = [];
  let [old, now] = [1, 1];
  for (let at = 0; at < all.length;) {
    let end = at;
    while (end < all.length && near[end] === near[at]) end++;
    const part = all.slice(at, end);
    const olds = part.filter(({ kind }) => kind !== 'added').length;
    const news = part.filter(({ kind }) => kind !== 'removed').length;
    if (near[at] === true)
      out.push(`@@ -${old},${olds} +${now},${news} @@`, ...part.map(({ kind, text }) => SIGNS[kind] + text));
    old += olds;
    now += news;
    at = end;
  }
  return out.length === 0 ? '' : [`--- a/${name}`, `+++ b/${name}`, ...out, ''].join('\n');
}
