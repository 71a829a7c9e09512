import { html } from 'hono/html';
import { USER_ID_HEADER } from '../http/user-id-header.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { changeDraft, pathOf } from './change-draft.ts';
import { draftEndpoints } from './draft-endpoints.ts';
import type { Edit } from './edit-document.ts';
import { GUIDE_TEXTS, type GuideTexts } from './guide-texts.ts';
import { changeForm, field, radios } from './page.ts';
import { showMessage, type Form, type Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

const METHODS = ['BASIC', 'JWT'] as const;
export type Method = (typeof METHODS)[number];

/** The parts of a text that are separated by commas or spaces. */
export const separated = (text = ''): string[] => text.split(/[\s,]+/).filter((part) => part !== '');

/** The isolation id of the guide's example. */
const ID_CLAIM = { location: 'HEADER', name: USER_ID_HEADER, claim: 'sub' };

/** What an endpoint begins with after its method was chosen. */
export function initialAuth(method: Method): object {
  if (method === 'BASIC') return { method, users: [] };
  return { method, issuers: [], claimTransformations: [ID_CLAIM] };
}

export function isMethod(name: string | undefined): name is Method {
  return (METHODS as readonly (string | undefined)[]).includes(name);
}

export function methodChoice(texts: GuideTexts, chosen?: string): Html {
  const options = [
    { value: 'BASIC', label: texts.basicNote },
    { value: 'JWT', label: texts.jwtNote },
  ];
  return radios({ name: 'method', options, chosen });
}

export function createForm(visit: ConsoleVisit): Html {
  const { texts, language } = visit;
  const guide = GUIDE_TEXTS[language];
  const fields = html`${field({ name: 'name', label: texts.name }, 'new')}
    ${field({ name: 'domains', label: guide.domainsNote, optional: true }, 'new')}
    ${field({ name: 'upstream', label: texts.upstream, value: 'http://127.0.0.1:8188' }, 'new')}
    <fieldset>
      <legend>${texts.method}</legend>
      ${methodChoice(guide, 'BASIC')}
    </fieldset>
    <button type="submit">${guide.create}</button>`;
  return html`<h2>${guide.create}</h2>
    <p class="soft">${guide.createNote}</p>
    ${changeForm(visit, '/console/endpoints/create', fields)}`;
}

function newEndpoint({ name = '', domains, upstream }: Form, method: Method): Edit {
  const [names, upstreams] = [separated(domains), separated(upstream)];
  const value = {
    name,
    ...(names.length > 0 && { domains: names }),
    upstream: upstreams.length === 1 ? upstreams[0] : upstreams,
    multiTenant: true,
    auth: initialAuth(method),
  };
  return { kind: 'append', path: ['endpoints'], value };
}

/** Creates endpoints of the draft. */
export function createEndpointPage(pages: Pages, parts: ConsoleParts): void {
  pages.post('/endpoints/create', (visit, form, context) => {
    const { texts, cookie } = visit;
    const title = texts.sections.endpoints;
    const { text } = parts.drafts.of(cookie, parts.store.read);
    const { name = '', method } = form;
    const isUsed = draftEndpoints(text).some((one) => one.name === name);
    if (name === '' || isUsed || !isMethod(method))
      return showMessage(context, visit, { title, message: texts.nameUsed, status: 400 });
    const change = { visit, context, edits: [newEndpoint(form, method)] };
    return changeDraft(parts, change, { title, to: pathOf({ name }) });
  });
}
