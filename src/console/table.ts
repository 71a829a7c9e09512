import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';

/** A table whose first column names the rows. An empty column name is a column of buttons. */
export function table(columns: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  const head = columns.map((name) => (name === '' ? html`<td></td>` : html`<th scope="col">${name}</th>`));
  const body = rows.map(
    ([first = '', ...others]) =>
      html`<tr>
        <th scope="row">${first}</th>
        ${others.map((cell) => html`<td>${cell}</td>`)}
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        ${head}
      </tr>
    </thead>
    <tbody>
      ${body}
    </tbody>
  </table>`;
}

export function timeText(ms: number): Html {
  const text = new Date(ms).toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** `90 s`, `5 min`, `3 h`, `2 d` */
export function durationText(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= 2 * one) ?? ['s', 1];
  return `${Math.round(seconds / size)} ${unit}`;
}

/** `1.5 GiB` */
export function bytesText(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(names.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${names[power] ?? ''}`;
}

export const NOTHING: Html = raw('');
