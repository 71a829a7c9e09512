import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { draftEndpoints, endpointNamed, type DraftEndpoint } from './draft-endpoints.ts';
import { pathOf } from './change-draft.ts';
import { createForm } from './create-endpoint.ts';
import { methodForms, policyForm, settingsForm } from './endpoint-settings.ts';
import { jwtSection } from './jwt-section.ts';
import { showPage } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { rulesSection } from './rules-section.ts';
import { siteForm } from './site-form.ts';
import { table } from './table.ts';
import { userList } from './users-page.ts';
import type { ConsoleVisit } from './visit.ts';

function pendingNote({ texts, cookie }: ConsoleVisit, { drafts }: ConsoleParts): Html {
  return drafts.has(cookie)
    ? html`<p class="note">${texts.pending} <a href="/console/deploy">${texts.sections.deploy}</a></p>`
    : raw('');
}

function row(
  { texts }: ConsoleVisit,
  { name, domains, method, multiTenant }: DraftEndpoint,
): (Html | string)[] {
  const link = html`<a href="${pathOf({ name })}">${name}</a>`;
  return [link, domains.join(', '), method, multiTenant ? texts.on : texts.off];
}

/** Endpoints, in the words of FunArt's guide. Changes go to the draft of Save and Deploy. */
export function endpointsPage(pages: Pages, parts: ConsoleParts): void {
  const { drafts, store } = parts;

  pages.get('/endpoints', (visit, context) => {
    const { texts, cookie } = visit;
    const endpoints = draftEndpoints(drafts.of(cookie, store.read).text);
    const content = html`${pendingNote(visit, parts)}
    ${
      endpoints.length === 0
        ? html`<p>${texts.noEndpoints}</p>`
        : table(
            [texts.name, texts.domains, texts.method, texts.multiTenant],
            endpoints.map((endpoint) => row(visit, endpoint)),
          )
    }
    ${visit.user?.role === 'administrator' ? html`${createForm(visit)} ${siteForm(visit, parts)}` : raw('')}`;
    return showPage(context, visit, {
      title: texts.sections.endpoints,
      content,
      command: 'comfy-tenant check',
    });
  });

  pages.get('/endpoints/:name', (visit, context) => {
    const { texts, cookie, user } = visit;
    const endpoint = endpointNamed(drafts.of(cookie, store.read).text, context.req.param('name') ?? '');
    if (endpoint === undefined)
      return showMessage(context, visit, {
        title: texts.sections.endpoints,
        message: texts.notFound,
        status: 404,
      });
    const settings =
      user?.role === 'administrator'
        ? html`${settingsForm(visit, endpoint)}
          ${endpoint.method === 'BASIC' ? policyForm(visit, endpoint) : raw('')}
          ${methodForms(visit, endpoint)}`
        : html`<p>${endpoint.domains.join(', ')} → ${endpoint.upstreams.join(', ')}</p>`;
    const people =
      endpoint.method === 'BASIC' ? userList(visit, parts, endpoint) : jwtSection(visit, parts, endpoint);
    const content = html`${pendingNote(visit, parts)}
      <p>${texts.method}: ${endpoint.method}</p>
      ${people} ${rulesSection(visit, parts, endpoint)}
      <h2>${texts.settings}</h2>
      ${settings}`;
    return showPage(context, visit, {
      title: endpoint.name,
      content,
      command: endpoint.method === 'BASIC' ? 'comfy-tenant user add alice' : 'comfy-tenant check',
    });
  });
}
