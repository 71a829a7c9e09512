import { html } from 'hono/html';
import type { ConsoleParts } from './console-context.ts';
import { listBackups, readBackup } from './history.ts';
import { changeForm, showPage } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { NOTHING, table, timeText } from './table.ts';

/** Roll back: earlier configurations. Choosing one makes it the draft of Save and Deploy, so history only grows. */
export function historyPage(pages: Pages, { historyDir, drafts, store }: ConsoleParts): void {
  pages.get('/history', (visit, context) => {
    const { texts, user } = visit;
    const backups = listBackups(historyDir);
    const rows = backups.map(({ number, replacedAt, author, reason }) => {
      const button = html`<input type="hidden" name="number" value="${number}" />
        <button class="other" type="submit" aria-label="${texts.choose} ${number}">${texts.choose}</button>`;
      return [
        String(number),
        timeText(Date.parse(replacedAt)),
        author,
        reason,
        user?.role === 'administrator' ? changeForm(visit, '/console/history', button) : NOTHING,
      ];
    });
    const columns = [texts.number, texts.replacedAt, texts.author, texts.reason, ''];
    const content =
      rows.length === 0
        ? html`<p>${texts.noBackups}</p>`
        : html`<p>${texts.backupsNote}</p>
            ${table(columns, rows)}`;
    return showPage(context, visit, { title: texts.sections.history, content });
  });

  pages.post('/history', (visit, { number = '' }, context) => {
    const { texts, cookie } = visit;
    const found = /^[1-9][0-9]{0,8}$/.test(number) ? readBackup(historyDir, Number(number)) : undefined;
    if (found === undefined)
      return showMessage(context, visit, {
        title: texts.sections.history,
        message: texts.notFound,
        status: 404,
      });
    drafts.replace(cookie, { before: store.read(), text: found.text });
    return Promise.resolve(context.redirect('/console/deploy', 303));
  });
}
