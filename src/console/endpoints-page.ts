import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { draftEndpoints, endpointNamed, type DraftEndpoint } from './draft-endpoints.ts';
import { EditError, type Edit } from './edit-document.ts';
import { changeForm, field, showPage } from './page.ts';
import { showMessage, type Form, type Pages } from './pages.ts';
import { userList } from './users-page.ts';
import type { ConsoleVisit } from './visit.ts';

function pendingNote({ texts, cookie }: ConsoleVisit, { drafts }: ConsoleParts): Html {
  return drafts.has(cookie)
    ? html`<p class="note">${texts.pending} <a href="/console/deploy">${texts.sections.deploy}</a></p>`
    : raw('');
}

const separated = (text = ''): string[] => text.split(/[\s,]+/).filter((part) => part !== '');

function editsOf({ at }: DraftEndpoint, form: Form): Edit[] {
  const upstreams = separated(form['upstream']);
  const path = (key: string) => ['endpoints', at, key];
  return [
    { kind: 'set', path: path('domains'), value: separated(form['domains']) },
    { kind: 'set', path: path('upstream'), value: upstreams.length === 1 ? upstreams[0] : upstreams },
    { kind: 'set', path: path('multiTenant'), value: form['multiTenant'] === 'on' },
  ];
}

/** Only what the form changes, so that the comparison shows no other line. */
function changedOnly(endpoint: DraftEndpoint, edits: readonly Edit[]): Edit[] {
  const now: Readonly<Record<string, unknown>> = {
    domains: endpoint.domains,
    upstream: endpoint.upstreams.length === 1 ? endpoint.upstreams[0] : endpoint.upstreams,
    multiTenant: endpoint.multiTenant,
  };
  return edits.filter(
    (edit) => edit.kind !== 'set' || JSON.stringify(edit.value) !== JSON.stringify(now[String(edit.path[2])]),
  );
}

function settingsForm(visit: ConsoleVisit, endpoint: DraftEndpoint): Html {
  const { texts } = visit;
  const { name, domains, upstreams, multiTenant } = endpoint;
  const option = (value: 'on' | 'off', isChosen: boolean): Html =>
    html`<label>
      <input type="radio" name="multiTenant" value="${value}" ${isChosen ? raw(' checked') : ''} />
      ${texts[value]}
    </label>`;
  const fields = html`<input type="hidden" name="endpoint" value="${name}" />
    ${field({ name: 'domains', label: texts.domains, value: domains.join(', ') })}
    ${field({ name: 'upstream', label: texts.upstream, value: upstreams.join(', ') })}
    <fieldset>
      <legend>${texts.multiTenant}</legend>
      ${option('on', multiTenant)} ${option('off', !multiTenant)}
    </fieldset>
    <button type="submit">${texts.change}</button>`;
  return changeForm(visit, '/console/endpoints', fields);
}

function row({ texts }: ConsoleVisit, { name, domains, method, multiTenant }: DraftEndpoint): Html {
  return html`<tr>
    <th scope="row"><a href="/console/endpoints/${encodeURIComponent(name)}">${name}</a></th>
    <td>${domains.join(', ')}</td>
    <td>${method}</td>
    <td>${multiTenant ? texts.on : texts.off}</td>
  </tr>`;
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
        : html`<table>
            <thead>
              <tr>
                <th scope="col">${texts.name}</th>
                <th scope="col">${texts.domains}</th>
                <th scope="col">${texts.method}</th>
                <th scope="col">${texts.multiTenant}</th>
              </tr>
            </thead>
            <tbody>
              ${endpoints.map((endpoint) => row(visit, endpoint))}
            </tbody>
          </table>`
    }`;
    return showPage(context, visit, { title: texts.sections.endpoints, content });
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
        ? settingsForm(visit, endpoint)
        : html`<p>${endpoint.domains.join(', ')} → ${endpoint.upstreams.join(', ')}</p>`;
    const users = endpoint.method === 'BASIC' ? userList(visit, parts, endpoint) : raw('');
    const content = html`${pendingNote(visit, parts)}
      <p>${texts.method}: ${endpoint.method}</p>
      ${settings} ${users}`;
    return showPage(context, visit, { title: endpoint.name, content });
  });

  pages.post('/endpoints', (visit, form, context) => {
    const { texts, cookie } = visit;
    const title = texts.sections.endpoints;
    const endpoint = endpointNamed(drafts.of(cookie, store.read).text, form['endpoint'] ?? '');
    if (endpoint === undefined)
      return showMessage(context, visit, { title, message: texts.notFound, status: 404 });
    try {
      drafts.edit(cookie, store.read, changedOnly(endpoint, editsOf(endpoint, form)));
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      return showMessage(context, visit, { title, message: error.message, status: 400 });
    }
    return Promise.resolve(context.redirect(`/console/endpoints/${encodeURIComponent(endpoint.name)}`, 303));
  });
}
