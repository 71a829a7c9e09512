import { html } from 'hono/html';
import { parseDocument } from 'yaml';
import type { Html } from '../portal/page-response.ts';
import { changeDraft } from './change-draft.ts';
import type { ConsoleParts } from './console-context.ts';
import type { Edit } from './edit-document.ts';
import { OPERATOR_TEXTS } from './operator-texts.ts';
import { changeForm, field } from './page.ts';
import type { Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

const KEYS = ['title', 'notice'] as const;

function valueOf(text: string, key: (typeof KEYS)[number]): string {
  const document = parseDocument(text);
  const value: unknown = document.errors.length > 0 ? undefined : document.getIn(['portal', key]);
  return typeof value === 'string' ? value : '';
}

/** The texts of the sign-in page and of error pages. */
export function siteForm(visit: ConsoleVisit, { drafts, store }: ConsoleParts): Html {
  const texts = OPERATOR_TEXTS[visit.language];
  const { text } = drafts.of(visit.cookie, store.read);
  const fields = html`${KEYS.map((key) =>
      field({ name: key, label: texts[key], value: valueOf(text, key), optional: true }, 'site'),
    )} <button type="submit">${visit.texts.change}</button>`;
  return html`<h2>${texts.signInTexts}</h2>
    ${changeForm(visit, '/console/endpoints/site', fields)}`;
}

export function siteForms(pages: Pages, parts: ConsoleParts): void {
  pages.post('/endpoints/site', (visit, form, context) => {
    const { text } = parts.drafts.of(visit.cookie, parts.store.read);
    const edits = KEYS.flatMap((key): Edit[] => {
      const [before, value] = [valueOf(text, key), (form[key] ?? '').trim()];
      const path = ['portal', key];
      if (before === value) return [];
      return [value === '' ? { kind: 'remove', path } : { kind: 'set', path, value }];
    });
    const title = OPERATOR_TEXTS[visit.language].signInTexts;
    return changeDraft(parts, { visit, context, edits }, { title, to: '/console/endpoints' });
  });
}
