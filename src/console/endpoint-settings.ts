import { html } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import { endpointForm } from './change-draft.ts';
import type { ConsoleParts } from './console-context.ts';
import { initialAuth, isMethod, methodChoice, separated } from './create-endpoint.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import type { Edit } from './edit-document.ts';
import { GUIDE_TEXTS } from './guide-texts.ts';
import { changeForm, field, radios } from './page.ts';
import type { Form, Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

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

export function settingsForm(visit: ConsoleVisit, endpoint: DraftEndpoint): Html {
  const { texts } = visit;
  const { name, domains, upstreams, multiTenant } = endpoint;
  const options = (['on', 'off'] as const).map((value) => ({ value, label: texts[value] }));
  const fields = html`<input type="hidden" name="endpoint" value="${name}" />
    ${field({ name: 'domains', label: texts.domains, value: domains.join(', ') })}
    ${field({ name: 'upstream', label: texts.upstream, value: upstreams.join(', ') })}
    <fieldset>
      <legend>${texts.multiTenant}</legend>
      ${radios({ name: 'multiTenant', options, chosen: multiTenant ? 'on' : 'off' })}
    </fieldset>
    <button type="submit">${texts.change}</button>`;
  return changeForm(visit, '/console/endpoints', fields);
}

/** The method, and the end of the endpoint. */
export function methodForms(visit: ConsoleVisit, { name, method }: DraftEndpoint): Html {
  const guide = GUIDE_TEXTS[visit.language];
  const hidden = html`<input type="hidden" name="endpoint" value="${name}" />`;
  const change = html`${hidden}
    <fieldset>
      <legend>${guide.switchTo}</legend>
      ${methodChoice(guide, method)}
    </fieldset>
    <p class="soft">${guide.switchNote}</p>
    <button class="other" type="submit">${visit.texts.change}</button>`;
  const remove = html`${hidden}<button class="other" type="submit">${guide.removeEndpoint}</button>`;
  return html`${changeForm(visit, '/console/endpoints/method', change)}
  ${changeForm(visit, '/console/endpoints/remove', remove)}`;
}

/** What new passwords of a BASIC endpoint must have. */
export function policyForm(visit: ConsoleVisit, { name, policy }: DraftEndpoint): Html {
  const guide = GUIDE_TEXTS[visit.language];
  const options = [
    { value: '', label: guide.noPolicy },
    { value: 'funart', label: guide.funartPolicy },
  ];
  const fields = html`<input type="hidden" name="endpoint" value="${name}" />
    <fieldset>
      <legend>${guide.policy}</legend>
      ${radios({ name: 'policy', options, chosen: policy })}
    </fieldset>
    <button class="other" type="submit">${visit.texts.change}</button>`;
  return changeForm(visit, '/console/endpoints/policy', fields);
}

/** Changes domains, ComfyUIs, Multi-Tenant Mode and the method of an endpoint of the draft. */
export function endpointSettingsPage(pages: Pages, parts: ConsoleParts): void {
  endpointForm(pages, parts, {
    path: '/endpoints',
    edits: ({ endpoint, form }) => changedOnly(endpoint, editsOf(endpoint, form)),
  });
  endpointForm(pages, parts, {
    path: '/endpoints/method',
    edits({ endpoint: { at, method: current }, form: { method } }) {
      if (!isMethod(method) || method === current) return [];
      return [{ kind: 'set', path: ['endpoints', at, 'auth'], value: initialAuth(method) }];
    },
  });
  endpointForm(pages, parts, {
    path: '/endpoints/policy',
    edits({ endpoint: { at, method, policy: current }, form: { policy = '' } }) {
      const path = ['endpoints', at, 'auth', 'policy'];
      if (method !== 'BASIC' || policy === current) return [];
      return [policy === 'funart' ? { kind: 'set', path, value: policy } : { kind: 'remove', path }];
    },
  });
  endpointForm(pages, parts, {
    path: '/endpoints/remove',
    edits: ({ endpoint: { at } }) => [{ kind: 'remove', path: ['endpoints', at] }],
    after: () => '/console/endpoints',
  });
}
