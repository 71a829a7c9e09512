import { html, raw } from 'hono/html';
import { parse, parseDocument, stringify } from 'yaml';
import { explainSignIn } from '../access/explain.ts';
import type { Html } from '../portal/page-response.ts';
import { endpointForm, FormFault } from './change-draft.ts';
import type { ConsoleParts } from './console-context.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import type { Edit } from './edit-document.ts';
import { OPERATOR_TEXTS, type OperatorTexts } from './operator-texts.ts';
import { changeForm, field, showPage, textArea } from './page.ts';
import { showMessage, type Form, type Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

const KEYS = ['publicPaths', 'rules', 'operators'] as const;
type Key = (typeof KEYS)[number];

function placeOf({ at }: DraftEndpoint, key: Key): (string | number)[] {
  return key === 'operators' ? ['endpoints', at, 'auth', key] : ['endpoints', at, key];
}

function valueAt(text: string, path: readonly (string | number)[]): unknown {
  const document = parseDocument(text);
  const found: unknown = document.errors.length > 0 ? undefined : document.getIn(path);
  return (found as { toJSON?: () => unknown } | undefined)?.toJSON?.() ?? found;
}

function written(value: unknown): string {
  return value === undefined ? '' : stringify(value, { lineWidth: 0 });
}

function read(text: string, texts: OperatorTexts): unknown {
  if (text.includes('${')) throw new FormFault(texts.variables);
  try {
    const value: unknown = parse(text, { maxAliasCount: 0 });
    if (value === null || typeof value === 'object') return value ?? undefined;
  } catch {
    // The same answer as for a text that is no list.
  }
  throw new FormFault(texts.badYaml);
}

function editOf(path: (string | number)[], before: unknown, value: unknown): Edit[] {
  if (JSON.stringify(before) === JSON.stringify(value)) return [];
  return [value === undefined ? { kind: 'remove', path } : { kind: 'set', path, value }];
}

function explainForm({ name }: DraftEndpoint, texts: OperatorTexts): Html {
  return html`<h2>${texts.explain}</h2>
    <form method="get" action="/console/explain">
      <input type="hidden" name="endpoint" value="${name}" />
      ${field({ name: 'as', label: texts.explainUser }, 'explain')}
      ${field({ name: 'method', label: texts.explainMethod, value: 'POST' }, 'explain')}
      ${field({ name: 'path', label: texts.explainPath, value: '/api/free' }, 'explain')}
      <button class="other" type="submit">${texts.explain}</button>
    </form>`;
}

/** Public paths, operators and rules of an endpoint of the draft. */
export function rulesSection(visit: ConsoleVisit, parts: ConsoleParts, endpoint: DraftEndpoint): Html {
  const texts = OPERATOR_TEXTS[visit.language];
  const { text } = parts.drafts.of(visit.cookie, parts.store.read);
  const labels = { publicPaths: texts.publicPaths, rules: texts.ruleList, operators: texts.operators };
  const values = KEYS.map((key) => ({ key, value: written(valueAt(text, placeOf(endpoint, key))) }));
  const fields = html`<input type="hidden" name="endpoint" value="${endpoint.name}" />
    ${values.map(({ key, value }) => textArea({ name: key, label: labels[key], value }, 'rules'))}
    <button type="submit">${visit.texts.change}</button>`;
  const shown = html`${values.map(({ key, value }) =>
    value === ''
      ? raw('')
      : html`<h3>${labels[key]}</h3>
          <pre><code>${value}</code></pre>`,
  )}`;
  return html`<h2>${texts.rules}</h2>
    ${visit.user?.role === 'administrator' ? changeForm(visit, '/console/endpoints/rules', fields) : shown}
    ${explainForm(endpoint, texts)}`;
}

/** `POST /api/free`; undefined if a field is not what it should be. */
function requestOf({ as = '', method = '', path = '' }: Form): string | undefined {
  const isGood = as !== '' && /^[A-Za-z]+$/.test(method) && /^\/\S*$/.test(path);
  return isGood ? `${method.toUpperCase()} ${path}` : undefined;
}

function explanation(visit: ConsoleVisit, { config }: ConsoleParts, asked: Form): Html | undefined {
  const texts = OPERATOR_TEXTS[visit.language];
  const endpoint = config().endpoints.find(({ name }) => name === asked['endpoint']);
  const request = requestOf(asked);
  if (endpoint === undefined || request === undefined) return undefined;
  const users = [...(config().users.get(endpoint.name)?.keys() ?? [])];
  const as = asked['as'] ?? '';
  const { allowed, because } = explainSignIn(endpoint, users, { as, claims: {}, request });
  return html`<p class="${allowed ? 'done' : 'error'}" role="status">
      ${allowed ? texts.allowed : texts.refused}: ${request} (${as}): ${because}.
    </p>
    <p><a href="/console/endpoints/${encodeURIComponent(endpoint.name)}">${visit.texts.back}</a></p>`;
}

/** Changes them, and explains what the rules that are being served decide. */
export function rulesForms(pages: Pages, parts: ConsoleParts): void {
  endpointForm(pages, parts, {
    path: '/endpoints/rules',
    edits({ endpoint, form, visit, text }) {
      const texts = OPERATOR_TEXTS[visit.language];
      return KEYS.flatMap((key) => {
        const path = placeOf(endpoint, key);
        return editOf(path, valueAt(text, path), read(form[key] ?? '', texts));
      });
    },
  });
  pages.get('/explain', (visit, context) => {
    const title = OPERATOR_TEXTS[visit.language].explain;
    const content = explanation(visit, parts, context.req.query());
    const message = visit.texts.notFound;
    if (content === undefined) return showMessage(context, visit, { title, message, status: 404 });
    return showPage(context, visit, {
      title,
      content,
      command: 'comfy-tenant explain --as alice POST /api/free',
    });
  });
}
