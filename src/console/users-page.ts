import { html } from 'hono/html';
import { makeHash } from '../basic/make-hash.ts';
import { FileWriteError } from '../files/file-error.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import { endpointNamed, type DraftEndpoint } from './draft-endpoints.ts';
import { EditError } from './edit-document.ts';
import {
  fileOfUser,
  removeFromFile,
  removeUserEdit,
  setInFile,
  setUserEdit,
  userFault,
  usersOf,
} from './endpoint-users.ts';
import { importForm, importUsers } from './import-users.ts';
import { changeForm, field } from './page.ts';
import { showMessage, type Form, type Pages } from './pages.ts';
import type { ConsoleVisit } from './visit.ts';

function userRow(visit: ConsoleVisit, endpoint: DraftEndpoint, username: string): Html {
  const { texts, user } = visit;
  const button = html`<input type="hidden" name="endpoint" value="${endpoint.name}" />
    <input type="hidden" name="username" value="${username}" />
    <button class="other" type="submit" aria-label="${texts.remove} ${username}">${texts.remove}</button>`;
  return html`<tr>
    <th scope="row">${username}</th>
    <td>${user?.role === 'administrator' ? changeForm(visit, '/console/users/remove', button) : ''}</td>
  </tr>`;
}

/** The USER list of an endpoint. Passwords are never shown, not even their hashes. */
export function userList(visit: ConsoleVisit, parts: ConsoleParts, endpoint: DraftEndpoint): Html {
  const { texts, user } = visit;
  const { file, inFile } = usersOf(parts, endpoint);
  const names = [...endpoint.users.filter((name) => name !== ''), ...inFile];
  const note =
    file === undefined ? texts.draftNote : texts.fileNote.replace('{file}', () => endpoint.usersFile ?? '');
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">${texts.user}</th>
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${names.map((name) => userRow(visit, endpoint, name))}
    </tbody>
  </table>`;
  const fields = html`<input type="hidden" name="endpoint" value="${endpoint.name}" />
    ${field({ name: 'username', label: texts.user }, 'user')}
    ${field({ name: 'password', label: texts.password, type: 'password', autocomplete: 'new-password' }, 'user')}
    <button type="submit">${texts.addUser}</button>`;
  const forms = html`${changeForm(visit, '/console/users', fields)} ${importForm(visit, endpoint)}`;
  return html`<h2>${texts.userList}</h2>
    <p class="soft">${note}</p>
    ${names.length === 0 ? html`<p>${texts.noUsers}</p>` : table}
    ${user?.role === 'administrator' ? forms : ''}`;
}

/** Adds users, sets their passwords and removes them: in the users file at once, in the configuration with Save and Deploy. */
export function usersPage(pages: Pages, parts: ConsoleParts): void {
  const { drafts, store, hashing, audit } = parts;

  /** Runs a change and shows why it failed. */
  function change(
    path: string,
    work: (visit: ConsoleVisit, form: Form, endpoint: DraftEndpoint) => Promise<string | undefined>,
  ): void {
    pages.post(path, async (visit, form, context) => {
      const { texts, cookie } = visit;
      const endpoint = endpointNamed(drafts.of(cookie, store.read).text, form['endpoint'] ?? '');
      if (endpoint?.method !== 'BASIC')
        return showMessage(context, visit, { title: texts.userList, message: texts.notFound, status: 400 });
      const problem = await work(visit, form, endpoint).catch((error: unknown) => {
        if (error instanceof EditError || error instanceof FileWriteError) return error.message;
        throw error;
      });
      if (problem !== undefined)
        return showMessage(context, visit, { title: texts.userList, message: problem, status: 400 });
      return context.redirect(`/console/endpoints/${encodeURIComponent(endpoint.name)}`, 303);
    });
  }

  const record = ({ user, request }: ConsoleVisit, what: string): void => {
    audit({ event: 'console-changed', user: user?.name ?? '', what, address: request.peerAddress });
  };

  change('/users', async (visit, { username = '', password = '' }, endpoint) => {
    const users = usersOf(parts, endpoint);
    const fault = userFault({ username, password }, users);
    if (fault !== undefined) return fault;
    const hash = await hashing.run(() => makeHash(password, 'argon2id'));
    if (hash === undefined) return visit.texts.busy;
    const file = fileOfUser(endpoint, users, username);
    if (file !== undefined) await setInFile(file, username, hash);
    else drafts.edit(visit.cookie, store.read, [setUserEdit(endpoint, username, hash)]);
    record(
      visit,
      `${endpoint.name}: password of ${username} ${file === undefined ? 'set in the draft' : 'set'}`,
    );
    return undefined;
  });

  change('/users/import', async (visit, { lines = '' }, endpoint) => {
    const problem = await importUsers(parts, { visit, endpoint, lines });
    if (problem === undefined) record(visit, `${endpoint.name}: users imported`);
    return problem;
  });

  change('/users/remove', async (visit, { username = '' }, endpoint) => {
    const { file } = usersOf(parts, endpoint);
    const isInFile = !endpoint.users.includes(username);
    if (!isInFile) drafts.edit(visit.cookie, store.read, [removeUserEdit(endpoint, username)]);
    else if (file === undefined || !(await removeFromFile(file, username))) return visit.texts.notFound;
    record(visit, `${endpoint.name}: ${username} removed${isInFile ? '' : ' in the draft'}`);
    return undefined;
  });
}
