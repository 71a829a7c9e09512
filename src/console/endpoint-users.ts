import { changeUsersFile, hasUser, withoutUser, withUser } from '../basic/edit-users-file.ts';
import { parseHtpasswd, userNameFault } from '../basic/htpasswd.ts';
import { passwordFault } from '../basic/make-hash.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import type { ConsoleParts } from './console-context.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import type { Edit } from './edit-document.ts';

const MAX_MEBIBYTES = 64;

/** The USER list of an endpoint, in the configuration and in the users file that is being served. */
export interface EndpointUsers {
  /** Absolute path; never one from a draft, which is not deployed. */
  readonly file: string | undefined;
  readonly policy: 'funart' | undefined;
  readonly inFile: readonly string[];
}

export function usersOf({ config }: ConsoleParts, { name }: DraftEndpoint): EndpointUsers {
  const auth = config().endpoints.find((one) => one.name === name)?.auth;
  if (auth?.method !== 'BASIC') return { file: undefined, policy: undefined, inFile: [] };
  const read = auth.usersFile === undefined ? undefined : readTextFile(auth.usersFile, MAX_MEBIBYTES);
  const inFile = read?.ok === true ? parseHtpasswd(read.text).users.map(({ username }) => username) : [];
  return { file: auth.usersFile, policy: auth.policy, inFile };
}

/** The users file in which a user is, or is to be added; undefined if the configuration itself has the user, or there is no file. */
export function fileOfUser(
  { users }: DraftEndpoint,
  { file }: EndpointUsers,
  username: string,
): string | undefined {
  return users.includes(username) ? undefined : file;
}

/** Why a user cannot get this name and password, or undefined. */
export function userFault(
  user: { username: string; password: string },
  { policy }: EndpointUsers,
): string | undefined {
  const { username, password } = user;
  if (username.startsWith('#')) return 'a user name must not start with #, which marks a comment';
  return userNameFault(username) ?? passwordFault(password, { kind: 'argon2id', policy });
}

/** How a user of the configuration gets a hash. */
export function setUserEdit({ at, users }: DraftEndpoint, username: string, hash: string): Edit {
  const place = users.indexOf(username);
  const path = ['endpoints', at, 'auth', 'users'];
  return place < 0
    ? { kind: 'append', path, value: { username, password: hash } }
    : { kind: 'set', path: [...path, place, 'password'], value: hash };
}

export function removeUserEdit({ at, users }: DraftEndpoint, username: string): Edit {
  return { kind: 'remove', path: ['endpoints', at, 'auth', 'users', users.indexOf(username)] };
}

export function setInFile(file: string, username: string, hash: string): Promise<boolean> {
  return changeUsersFile(file, (text) => withUser(text, username, hash));
}

/** @returns false if the file had no such user */
export function removeFromFile(file: string, username: string): Promise<boolean> {
  return changeUsersFile(file, (text) => (hasUser(text, username) ? withoutUser(text, username) : undefined));
}
