import { html } from 'hono/html';
import { parseHtpasswd } from '../basic/htpasswd.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import { fileOfUser, setInFile, setUserEdit, usersOf } from './endpoint-users.ts';
import { OPERATOR_TEXTS } from './operator-texts.ts';
import { changeForm, textArea } from './page.ts';
import type { ConsoleVisit } from './visit.ts';

/** The form that takes the lines of an htpasswd file. */
export function importForm(visit: ConsoleVisit, { name }: DraftEndpoint): Html {
  const texts = OPERATOR_TEXTS[visit.language];
  const fields = html`<input type="hidden" name="endpoint" value="${name}" />
    ${textArea({ name: 'lines', label: texts.importNote }, 'import')}
    <button class="other" type="submit">${texts.import}</button>`;
  return html`<details>
    <summary>${texts.import}</summary>
    ${changeForm(visit, '/console/users/import', fields)}
  </details>`;
}

/** Adds the users of some lines. @returns why not; then nothing was added */
export async function importUsers(
  parts: ConsoleParts,
  { visit, endpoint, lines }: { visit: ConsoleVisit; endpoint: DraftEndpoint; lines: string },
): Promise<string | undefined> {
  const { users, faults } = parseHtpasswd(lines);
  const [fault] = faults;
  if (fault !== undefined) {
    const bad = OPERATOR_TEXTS[visit.language].badImport.replace('{line}', String(fault.line));
    return `${bad} ${fault.message}`;
  }
  const all = usersOf(parts, endpoint);
  for (const { username, hash } of users) {
    const file = fileOfUser(endpoint, all, username);
    if (file !== undefined) await setInFile(file, username, hash);
    else parts.drafts.edit(visit.cookie, parts.store.read, [setUserEdit(endpoint, username, hash)]);
  }
  return undefined;
}
