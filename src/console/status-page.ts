import { html } from 'hono/html';
import { streamSSE } from 'hono/streaming';
import type { ConsoleParts } from './console-context.ts';
import { CONSOLE_HEADERS, showPage } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { statusContent } from './status-content.ts';

const EVERY_MS = 2000;
/** Then the browser connects again, which shows whether the session still exists. */
const MOST_EVENTS = 150;

/** The only script of the console. Without it, the page shows the state when it was loaded. */
const SCRIPT = `\
const place = document.getElementById('live');
new EventSource('/console/status/events').onmessage = ({ data }) => {
  // Not while someone uses a button in it.
  if (!place.contains(document.activeElement)) place.innerHTML = JSON.parse(data);
};
`;
const POLICY = CONSOLE_HEADERS['content-security-policy'] + "; script-src 'self'; connect-src 'self'";

/** What the service does at the moment. */
export function statusPage(pages: Pages, parts: ConsoleParts): void {
  const { operations, sessions, audit } = parts;

  pages.get('/status', async (visit, context) => {
    const { texts } = visit;
    context.header('content-security-policy', POLICY);
    const content = html`<div id="live">${statusContent(visit, await operations.status())}</div>
      <script src="/console/status.js" type="module"></script>`;
    return showPage(context, visit, {
      title: texts.sections.status,
      content,
      command: 'comfy-tenant check --live',
    });
  });

  pages.get('/status.js', (_, context) =>
    Promise.resolve(context.body(SCRIPT, 200, { 'content-type': 'text/javascript; charset=utf-8' })),
  );

  pages.getQuietly('/status/events', (visit, context) =>
    Promise.resolve(
      streamSSE(context, async (stream) => {
        let sent = '';
        for (let count = 0; count < MOST_EVENTS && !stream.aborted; count++) {
          if (sessions.peek(visit.cookie) === undefined) return;
          const content = statusContent(visit, await operations.status());
          const data = JSON.stringify((await content).toString());
          if (data !== sent) await stream.writeSSE({ data: (sent = data) });
          await stream.sleep(EVERY_MS);
        }
      }),
    ),
  );

  pages.post('/lockouts', async (visit, { id = '' }, context) => {
    const { texts, user, request } = visit;
    if (!operations.unlock(id))
      return showMessage(context, visit, {
        title: texts.sections.status,
        message: texts.notFound,
        status: 404,
      });
    const what = 'lockout ended';
    audit({ event: 'console-changed', user: user?.name ?? '', what, address: request.peerAddress });
    return context.redirect('/console/status', 303);
  });
}
