import { html } from 'hono/html';
import type { ConsoleParts } from './console-context.ts';
import { showPage } from './page.ts';
import type { Pages } from './pages.ts';

/** What the service does at the moment. */
export function statusPage(pages: Pages, { state }: ConsoleParts): void {
  pages.get('/status', (visit, context) => {
    const { texts } = visit;
    const { ready, revision, problems } = state();
    const content = html`<p class="${ready ? 'done' : 'error'}">${ready ? texts.ready : texts.notReady}</p>
      <p>${texts.revision}: <code>${revision}</code></p>
      <h2>${texts.problems}</h2>
      ${
        problems.length === 0
          ? html`<p>${texts.noProblems}</p>`
          : html`<ul>
              ${problems.map((problem) => html`<li>${problem}</li>`)}
            </ul>`
      }`;
    return showPage(context, visit, { title: texts.sections.status, content });
  });
}
