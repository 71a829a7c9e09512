import type { Context } from 'hono';
import type { ConsoleParts } from './console-context.ts';
import { endpointNamed, type DraftEndpoint } from './draft-endpoints.ts';
import { EditError, type Edit } from './edit-document.ts';
import { showMessage, type Form, type Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

export interface DraftChange {
  readonly title: string;
  /** The page that shows the result. */
  readonly to: string;
}

/** Changes the draft and goes on to a page, or shows why that is not possible. */
export async function changeDraft(
  { drafts, store }: ConsoleParts,
  { visit, context, edits }: { visit: ConsoleVisit; context: Context; edits: readonly Edit[] },
  { title, to }: DraftChange,
): Promise<Response> {
  try {
    drafts.edit(visit.cookie, store.read, edits);
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    return showMessage(context, visit, { title, message: error.message, status: 400 });
  }
  return context.redirect(to, 303);
}

export const pathOf = ({ name }: Pick<DraftEndpoint, 'name'>): string =>
  `/console/endpoints/${encodeURIComponent(name)}`;

/** Why a form cannot be applied, as text for its author. */
export class FormFault extends Error {}

/** Registers a form that changes an endpoint of the draft, which its field `endpoint` names. */
export function endpointForm(pages: Pages, parts: ConsoleParts, { path, edits, after }: EndpointForm): void {
  pages.post(path, (visit, form, context) => {
    const { texts, cookie } = visit;
    const title = texts.sections.endpoints;
    const text = parts.drafts.of(cookie, parts.store.read).text;
    const endpoint = endpointNamed(text, form['endpoint'] ?? '');
    if (endpoint === undefined)
      return showMessage(context, visit, { title, message: texts.notFound, status: 404 });
    try {
      const change = { visit, context, edits: edits({ endpoint, form, visit, text }) };
      return changeDraft(parts, change, { title, to: (after ?? pathOf)(endpoint) });
    } catch (error) {
      if (!(error instanceof FormFault)) throw error;
      return showMessage(context, visit, { title, message: error.message, status: 400 });
    }
  });
}

interface EndpointForm {
  readonly path: string;
  /** @throws FormFault */
  readonly edits: (sent: {
    endpoint: DraftEndpoint;
    form: Form;
    visit: ConsoleVisit;
    /** Of the draft. */
    text: string;
  }) => readonly Edit[];
  /** Default: the page of the endpoint. */
  readonly after?: (endpoint: DraftEndpoint) => string;
}
