import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { concealedDiff } from './concealed-diff.ts';
import { deployText, MAX_REASON, type Deployed } from './deploy-text.ts';
import type { Draft } from './drafts.ts';
import { changeForm, field, showPage } from './page.ts';
import type { Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

const PATH = '/console/deploy';

function diffHtml(diff: string): Html {
  const lines = diff.split('\n').flatMap((line) => {
    const isChange = line.startsWith('+') || line.startsWith('-');
    const shown = line.startsWith('+') ? html`<ins>${line}</ins>` : html`<del>${line}</del>`;
    return [isChange ? shown : line, '\n'];
  });
  return html`<pre><code>${lines}</code></pre>`;
}

function faultList(faults: readonly string[]): Html {
  return html`<ul class="error" role="alert">
    ${faults.map((fault) => html`<li>${fault}</li>`)}
  </ul>`;
}

/** Save and Deploy: the changes, whether they are valid, why they are made; then whether they are live. */
export function deployPage(pages: Pages, parts: ConsoleParts): void {
  const { drafts, store } = parts;
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

  function outcome(visit: ConsoleVisit, result: Deployed): Html {
    const { texts } = visit;
    switch (result.kind) {
      case 'saved': {
        const { problems } = parts.state();
        const notes = problems.length === 0 ? raw('') : faultList(problems);
        return html`<p class="${result.live ? 'done' : 'error'}" role="status">
            ${result.live ? texts.live : texts.notLive} <code>${result.revision}</code>
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
    showPage(context, visit, { title: title(visit), command: 'comfy-tenant deploy --wait', ...page });

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
    const author = { name: user?.name ?? '', address: request.peerAddress, reason: why };
    const result = await deployText(parts, draft, author);
    const content = outcome(visit, result);
    if (result.kind === 'saved') drafts.discard(cookie);
    if (result.kind === 'saved' || result.kind === 'unchanged') return show(context, visit, { content });
    return show(context, visit, { content, status: result.kind === 'conflict' ? 409 : 400 });
  });

  pages.post('/deploy/discard', (visit, _, context) => {
    drafts.discard(visit.cookie);
    return Promise.resolve(context.redirect('/console/endpoints', 303));
  });
}
