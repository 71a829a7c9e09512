import { chmodSync, chownSync, readFileSync } from 'node:fs';

/** Only the owner can connect to a new socket, even before its final mode is set. */
const OWNER_ONLY_UMASK = 0o177;
const OWNER = 0o600;
const OWNER_AND_GROUP = 0o660;

/** The gid of a group given by number or by name in /etc/group. @throws Error if there is no such name */
function groupId(group: string): number {
  if (/^[0-9]+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (!Number.isInteger(id))
    throw new Error(`service.socketGroup: no group ${group} in /etc/group: create it, or use its number`);
  return id;
}

function openToGroup(path: string, id: number): void {
  try {
    chownSync(path, -1, id);
    chmodSync(path, OWNER_AND_GROUP);
  } catch (error) {
    throw new Error(
      `service.socketGroup: this user cannot assign ${path} to group ${id}: add the user to the group`,
      { cause: error },
    );
  }
}

/**
 * Binds a Unix socket with mode 0600, or with 0660 and a group, regardless of the umask.
 *
 * @param group name or number
 * @param bind binds the socket; the process has a strict umask meanwhile
 * @throws Error naming `service.socketGroup` and a fix
 */
export async function bindSocket<T>(
  path: string,
  group: string | undefined,
  bind: () => Promise<T>,
): Promise<T> {
  const id = group === undefined ? undefined : groupId(group);
  const before = process.umask(OWNER_ONLY_UMASK);
  let bound: T;
  try {
    bound = await bind();
  } finally {
    process.umask(before);
  }
  if (id === undefined) chmodSync(path, OWNER);
  else openToGroup(path, id);
  return bound;
}
