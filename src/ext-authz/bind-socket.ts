import { chmodSync, chownSync, readFileSync } from 'node:fs';

/** Leaves a new socket to its owner: nobody else can connect, not even before its final mode is set. */
const OWNER_ONLY_UMASK = 0o177;
const OWNER = 0o600;
const OWNER_AND_GROUP = 0o660;

/** The number of a group, by its number or its name in /etc/group. @throws Error when there is none of this name */
function groupId(group: string): number {
  if (/^[0-9]+$/.test(group)) return Number(group);
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (!Number.isInteger(id))
    throw new Error(
      `service.socketGroup: there is no group ${group} in /etc/group: create it, or give its number`,
    );
  return id;
}

function openToGroup(path: string, id: number): void {
  try {
    chownSync(path, -1, id);
    chmodSync(path, OWNER_AND_GROUP);
  } catch (error) {
    throw new Error(
      `service.socketGroup: this user may not give ${path} to group ${id}: make it a member of the group`,
      { cause: error },
    );
  }
}

/**
 * Binds a Unix socket with mode 0600, or 0660 and a group, whatever the umask is.
 *
 * @param bind binds it; the umask of the process is stricter until it is done
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
