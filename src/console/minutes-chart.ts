import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { Minute } from './operations.ts';
import type { OperatorTexts } from './operator-texts.ts';

const [WIDTH, HALF, BARS] = [600, 50, 60];

/** Requests per minute: allowed above the line, refused below it. */
export function minutesChart(minutes: readonly Minute[], texts: OperatorTexts): Html {
  const most = Math.max(1, ...minutes.flatMap(({ allowed, refused }) => [allowed, refused]));
  const width = WIDTH / BARS;
  const bar = (at: number, count: number, isAbove: boolean): Html => {
    const height = (count / most) * HALF;
    const y = isAbove ? HALF - height : HALF;
    return raw(
      `<rect class="${isAbove ? 'allowed' : 'refused'}" x="${(at * width).toFixed(1)}" y="${y.toFixed(1)}" width="${(width - 2).toFixed(1)}" height="${height.toFixed(1)}"/>`,
    );
  };
  const first = BARS - minutes.length;
  const bars = minutes.map(
    ({ allowed, refused }, index) =>
      html`${bar(first + index, allowed, true)}${bar(first + index, refused, false)}`,
  );
  const sum = (of: 'allowed' | 'refused'): number => minutes.reduce((rest, minute) => rest + minute[of], 0);
  const label = `${texts.lastHour} ${sum('allowed')} ${texts.allowed}, ${sum('refused')} ${texts.refused}`;
  return html`<figure>
    <svg viewBox="0 0 ${WIDTH} ${2 * HALF}" role="img" aria-label="${label}">
      ${bars}
      <line x1="0" y1="${HALF}" x2="${WIDTH}" y2="${HALF}" />
    </svg>
    <figcaption class="soft">${label}</figcaption>
  </figure>`;
}
