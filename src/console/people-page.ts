import { html } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import type { Usage } from './operations.ts';
import { OPERATOR_TEXTS } from './operator-texts.ts';
import { changeForm, showPage } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { bytesText, durationText, NOTHING, table, timeText } from './table.ts';
import type { ConsoleVisit } from './visit.ts';

const SINCE_MS = 30 * 86_400_000;

interface EndButton {
  readonly action: string;
  readonly value: string;
  readonly text: string;
}

function endButton(visit: ConsoleVisit, { action, value, text }: EndButton): Html {
  if (visit.user?.role !== 'administrator') return NOTHING;
  const fields = html`<input type="hidden" name="id" value="${value}" />
    <button class="other" type="submit" aria-label="${text} ${value}">${text}</button>`;
  return changeForm(visit, action, fields);
}

function usageTable(visit: ConsoleVisit, { users, problems, quotaBytes }: Usage): Html {
  const texts = OPERATOR_TEXTS[visit.language];
  const rows = users.map(({ user, prompts, failed, gpuSeconds, waitedSeconds, bytes }) => [
    user,
    String(prompts),
    String(failed),
    durationText(gpuSeconds),
    durationText(waitedSeconds),
    quotaBytes === undefined ? bytesText(bytes) : `${bytesText(bytes)} / ${bytesText(quotaBytes)}`,
    endButton(visit, { action: '/console/people/end', value: user, text: texts.endUser }),
  ]);
  const columns = [texts.user, texts.prompts, texts.failed, texts.gpu, texts.waited, texts.stored, ''];
  return html`<h2>${texts.usage}</h2>
    ${problems.map((problem) => html`<p class="error">${problem}</p>`)}
    ${rows.length === 0 ? html`<p>${texts.noUsage}</p>` : table(columns, rows)}`;
}

function sessionTable(visit: ConsoleVisit, { operations }: ConsoleParts): Html {
  const texts = OPERATOR_TEXTS[visit.language];
  const rows = operations
    .sessions()
    .map(({ id, user, endpoint, address, browser, signedInAtMs, endsAtMs }) => [
      user,
      endpoint,
      address,
      browser,
      timeText(signedInAtMs),
      timeText(endsAtMs),
      endButton(visit, { action: '/console/people/sessions/end', value: id, text: texts.end }),
    ]);
  const columns = [texts.user, texts.endpoint, texts.address, texts.browser, texts.signedIn, texts.ends, ''];
  return html`<h2>${texts.sessions}</h2>
    ${rows.length === 0 ? html`<p>${texts.noSessions}</p>` : table(columns, rows)}`;
}

/** Who is signed in, and what everyone used. */
export function peoplePage(pages: Pages, parts: ConsoleParts): void {
  const { operations, now } = parts;

  pages.get('/people', async (visit, context) => {
    const texts = OPERATOR_TEXTS[visit.language];
    const usage = await operations.usage(now() - SINCE_MS);
    const content = html`${sessionTable(visit, parts)} ${usageTable(visit, usage)}
      <p class="soft">${texts.endNote}</p>`;
    const title = visit.texts.sections.people;
    return showPage(context, visit, { title, content, command: 'comfy-tenant sessions, revoke and usage' });
  });

  const end = (path: string, work: (id: string) => Promise<boolean>): void => {
    pages.post(path, async (visit, { id = '' }, context) => {
      if (await work(id)) return context.redirect('/console/people', 303);
      const title = visit.texts.sections.people;
      return showMessage(context, visit, { title, message: visit.texts.notFound, status: 404 });
    });
  };
  end('/people/end', (id) => operations.endUser(id));
  end('/people/sessions/end', (id) => operations.endSession(id));
}
