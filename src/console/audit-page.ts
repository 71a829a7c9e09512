import { html } from 'hono/html';
import type { ConsoleParts } from './console-context.ts';
import { OPERATOR_TEXTS } from './operator-texts.ts';
import { field, showPage } from './page.ts';
import type { Pages } from './pages.ts';
import { table } from './table.ts';

const MOST = 200;

/** `user: alice, address: 127.0.0.1` */
function detailsOf(event: Readonly<Record<string, unknown>>): string {
  return Object.entries(event)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** What happened, with a search. */
export function auditPage(pages: Pages, { operations }: ConsoleParts): void {
  pages.get('/audit', (visit, context) => {
    const texts = OPERATOR_TEXTS[visit.language];
    const text = (context.req.query('text') ?? '').slice(0, 256);
    const rows = operations.audit(text, MOST).map((line) => {
      const { time, event, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return [String(time).slice(0, 19).replace('T', ' '), String(event), detailsOf(rest)];
    });
    const content = html`<p class="soft">${texts.auditNote}</p>
      <form method="get" action="/console/audit">
        ${field({ name: 'text', label: texts.searchLabel, value: text, optional: true })}
        <button type="submit">${texts.search}</button>
      </form>
      ${rows.length === 0 ? html`<p>${texts.noEvents}</p>` : table([texts.time, texts.event, texts.details], rows)}`;
    return showPage(context, visit, { title: visit.texts.sections.audit, content });
  });
}
