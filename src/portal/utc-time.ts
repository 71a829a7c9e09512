import { html } from 'hono/html';
import type { Html } from './page-response.ts';

/** @param ms milliseconds since 1970 */
export function utcTime(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
