import { html } from 'hono/html';
import type { Decision } from '../auth/decision.ts';
import { USER_ID_HEADER } from '../http/user-id-header.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { GUIDE_TEXTS } from './guide-texts.ts';
import { changeForm, showPage, textArea } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { stepsOf } from './token-trial.ts';
import type { ConsoleVisit } from './visit.ts';

const MAX_TOKEN = 16 * 1024;

function stepTable({ language }: ConsoleVisit, decision: Decision): Html {
  const guide = GUIDE_TEXTS[language];
  const states = { passed: guide.passed, failed: guide.failedStep, unknown: guide.notReached };
  return html`<table>
    <tbody>
      ${stepsOf(decision).map(
        ({ step, state }) =>
          html`<tr>
            <th scope="row">${guide.steps[step]}</th>
            <td>${states[state]}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The headers, cookies and parameters that ComfyUI would get. */
function resultTable({ language }: ConsoleVisit, decision: Decision): Html {
  const guide = GUIDE_TEXTS[language];
  if (decision.kind === 'deny') return html`<p><code>${decision.reason}</code></p>`;
  if (decision.kind === 'unavailable') return html`<p>${decision.cause}</p>`;
  const { userId, forwardedClaims } = decision.identity;
  const places = [
    { location: 'HEADER', name: USER_ID_HEADER, value: userId },
    ...forwardedClaims.map(({ location, name, value }) => ({ location, name, value: value ?? '–' })),
  ];
  return html`<h2>${guide.result}</h2>
    <table>
      <tbody>
        ${places.map(
          ({ location, name, value }) =>
            html`<tr>
              <td>${location}</td>
              <th scope="row">${name}</th>
              <td><code>${value}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

/** Tries a token against an endpoint that is being served. The token is not kept. */
export function tryTokenPage(pages: Pages, { tryToken, audit }: ConsoleParts): void {
  const form = (visit: ConsoleVisit, endpoint: string): Html => {
    const guide = GUIDE_TEXTS[visit.language];
    const fields = html`<input type="hidden" name="endpoint" value="${endpoint}" />
      ${textArea({ name: 'jwt', label: guide.token }, 'try')}
      <button type="submit">${guide.check}</button>`;
    return html`<p class="soft">${guide.tryNote}</p>
      ${changeForm(visit, '/console/try', fields)}`;
  };
  const titleOf = ({ language }: ConsoleVisit, endpoint: string): string =>
    `${GUIDE_TEXTS[language].tryToken}: ${endpoint}`;

  pages.get('/try/:name', (visit, context) => {
    const endpoint = context.req.param('name') ?? '';
    const content =
      visit.user?.role === 'administrator' ? form(visit, endpoint) : html`<p>${visit.texts.forbidden}</p>`;
    return showPage(context, visit, { title: titleOf(visit, endpoint), content });
  });

  pages.post('/try', async (visit, { endpoint = '', jwt = '' }, context) => {
    const title = titleOf(visit, endpoint);
    const token = jwt.trim().replace(/^Bearer +/i, '');
    const decision = token.length > MAX_TOKEN ? undefined : await tryToken(endpoint, token);
    if (decision === undefined)
      return showMessage(context, visit, { title, message: visit.texts.notFound, status: 404 });
    const { user, request } = visit;
    const outcome = decision.kind === 'deny' ? decision.reason : decision.kind;
    const what = `${endpoint}: token tried: ${outcome}`;
    audit({ event: 'console-changed', user: user?.name ?? '', what, address: request.peerAddress });
    const content = html`${stepTable(visit, decision)} ${resultTable(visit, decision)}
    ${form(visit, endpoint)}`;
    return showPage(context, visit, { title, content });
  });
}
