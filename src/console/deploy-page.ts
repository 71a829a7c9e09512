import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import { secretConcealer } from './conceal-secrets.ts';
import type { SaveResult } from './config-store.ts';
import type { ConsoleParts } from './console-context.ts';
import type { Draft } from './drafts.ts';
import { changeForm, field, showPage } from './page.ts';
import type { Pages } from './pages.ts';
import { unifiedDiff } from './unified-diff.ts';
import type { ConsoleVisit } from './visit.ts';

const PATH = '/console/deploy';
const LIVE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;
const MAX_REASON = 200;

function diffHtml(diff: string): Html {
  const lines = diff.split('\n').flatMap((line) => {
    const isChange = line.startsWith('+') || line.startsWith('-');
    const shown = line.startsWith('+') ? html`<ins>${line}</ins>` : html`<del>${line}</del>`;
    return [isChange ? shown : line, '\n'];
  });
  return html`<pre><code>${lines}</code></pre>`;
}

/** The changes without secrets. */
function concealedDiff(parts: ConsoleParts, before: string, after: string): string {
  const conceal = secretConcealer([before, after], parts.secret);
  return unifiedDiff(conceal(before), conceal(after), basename(parts.config().file));
}

/** Whether the running service serves a revision, and Envoy has it, waiting for both. */
async function isLive({ state }: ConsoleParts, revision: string): Promise<boolean> {
  for (let waited = 0; waited < LIVE_WITHIN_MS; waited += LOOK_EVERY_MS) {
    const now = state();
    if (now.revision === revision && now.envoy !== 'applying') return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

function faultList(faults: readonly string[]): Html {
  return html`<ul class="error" role="alert">
    ${faults.map((fault) => html`<li>${fault}</li>`)}
  </ul>`;
}

/** Save and Deploy: the changes, whether they are valid, why they are made; then whether they are live. */
export function deployPage(pages: Pages, parts: ConsoleParts): void {
  const { drafts, store, audit } = parts;
  const title = ({ texts }: ConsoleVisit): string => texts.sections.deploy;

  function form(visit: ConsoleVisit, { before, text }: Draft): Html {
    const { texts, user } = visit;
    const diff = diffHtml(concealedDiff(parts, before, text));
    const checked = parts.checkText(text);
    if (!checked.ok) return html`${diff}${faultList(checked.faults.map((fault) => checked.conceal(fault)))}`;
    if (!store.isWritable())
      return html`<p class="note">${texts.readOnly}</p>
        ${diff}`;
    if (user?.role !== 'administrator') return diff;
    const deploy = html`${field({ name: 'reason', label: texts.reason })}
      <button type="submit">${texts.sections.deploy}</button>`;
    return html`${diff}
      <p class="done">${texts.valid}</p>
      ${changeForm(visit, PATH, deploy)}`;
  }

  function discardForm(visit: ConsoleVisit): Html {
    const button = html`<button class="other" type="submit">${visit.texts.discard}</button>`;
    return changeForm(visit, `${PATH}/discard`, button);
  }

  async function outcome(visit: ConsoleVisit, result: SaveResult): Promise<Html> {
    const { texts } = visit;
    switch (result.kind) {
      case 'saved': {
        const live = await isLive(parts, result.revision);
        const { problems } = parts.state();
        const notes = problems.length === 0 ? raw('') : faultList(problems);
        return html`<p class="${live ? 'done' : 'error'}" role="status">
            ${live ? texts.live : texts.notLive} <code>${result.revision}</code>
          </p>
          ${notes}`;
      }
      case 'unchanged':
        return html`<p>${texts.noChanges}</p>`;
      case 'invalid':
        return faultList(result.faults);
      case 'not-written':
        return html`<p class="error" role="alert">${result.why}</p>`;
      case 'conflict': {
        const { before, text } = drafts.of(visit.cookie, store.read);
        return html`<p class="error" role="alert">${texts.conflict}</p>
          <h2>${texts.theirs}</h2>
          ${diffHtml(concealedDiff(parts, before, result.current))}
          <h2>${texts.yours}</h2>
          ${diffHtml(concealedDiff(parts, before, text))} ${discardForm(visit)}`;
      }
    }
  }

  const show = (context: Context, visit: ConsoleVisit, page: { content: Html; status?: 400 | 409 }) =>
    showPage(context, visit, { title: title(visit), ...page });

  pages.get('/deploy', (visit, context) => {
    if (!drafts.has(visit.cookie))
      return show(context, visit, { content: html`<p>${visit.texts.noChanges}</p>` });
    const draft = drafts.of(visit.cookie, store.read);
    return show(context, visit, { content: html`${form(visit, draft)} ${discardForm(visit)}` });
  });

  pages.post('/deploy', async (visit, { reason = '' }, context) => {
    const { cookie, user, request, texts } = visit;
    const why = reason.trim().slice(0, MAX_REASON);
    const draft = drafts.of(cookie, store.read);
    if (why === '')
      return show(context, visit, {
        status: 400,
        content: html`<p class="error" role="alert">${texts.reasonMissing}</p>
          ${form(visit, draft)}`,
      });
    const author = user?.name ?? '';
    const result = await store.save({ ...draft, author, reason: why });
    const what =
      result.kind === 'saved' ? `configuration ${result.revision}` : `configuration: ${result.kind}`;
    audit({ event: 'console-changed', user: author, what, why, address: request.peerAddress });
    const content = await outcome(visit, result);
    if (result.kind === 'saved') drafts.discard(cookie);
    if (result.kind === 'saved' || result.kind === 'unchanged') return show(context, visit, { content });
    return show(context, visit, { content, status: result.kind === 'conflict' ? 409 : 400 });
  });

  pages.post('/deploy/discard', (visit, _, context) => {
    drafts.discard(visit.cookie);
    return Promise.resolve(context.redirect('/console/endpoints', 303));
  });
}
