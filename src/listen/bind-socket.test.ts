import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bindSocket } from './bind-socket.ts';
import { startGrpcServer } from '../ext-authz/grpc-server.ts';

let directory: string;
let server: Server;
let umask: number;
const path = (): string => join(directory, 'a.sock');
beforeEach(() => {
  umask = process.umask(0);
  directory = mkdtempSync(join(tmpdir(), 'socket-'));
  server = createServer();
});
afterEach(() => {
  process.umask(umask);
  server.close();
  rmSync(directory, { recursive: true });
});

// Any group as root; else one that this user is in.
const OWN_GROUP = String(process.getgid?.());
const [GROUP, NAMED] =
  process.getuid?.() === 0 ? ['1234', 'daemon'] : [OWN_GROUP, nameOf(OWN_GROUP) ?? OWN_GROUP];

function nameOf(id: string): string | undefined {
  return /^([^:]+)/.exec(
    readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((line) => line.split(':')[2] === id) ?? '',
  )?.[1];
}

const mode = (): number => statSync(path()).mode & 0o777;

/** The mode that the socket has at its first moment. */
function bind(): Promise<number> {
  return new Promise((resolve) => {
    server.listen(path(), () => {
      resolve(mode());
    });
  });
}

test('a socket is accessible to its owner only from the start, and the umask is restored', async () => {
  expect(await bindSocket(path(), undefined, bind)).toBe(0o600);
  expect(mode()).toBe(0o600);
  expect(process.umask(0)).toBe(0);
});

test.each([GROUP, NAMED])('with group %s, the group may connect too', async (group) => {
  expect(await bindSocket(path(), group, bind)).toBe(0o600);
  expect(mode()).toBe(0o660);
  expect(statSync(path()).gid).toBe(group === 'daemon' ? 1 : Number(GROUP));
});

test('a missing group is an error before anything is bound', async () => {
  await expect(bindSocket(path(), 'nobodys', bind)).rejects.toThrow(
    'service.socketGroup: no group nobodys in /etc/group: create it, or use its number',
  );
});

test('the umask is restored if binding fails', async () => {
  await expect(bindSocket(path(), undefined, () => Promise.reject(new Error('taken')))).rejects.toThrow(
    'taken',
  );
  expect(process.umask(0)).toBe(0);
});

test.each([
  [undefined, 0o600],
  [GROUP, 0o660],
])('the service with socketGroup %s has mode %i', async (socketGroup, expected) => {
  const started = await startGrpcServer({
    listen: { path: path() },
    socketGroup,
    check: (bytes) => bytes,
  });
  expect(mode()).toBe(expected);
  await started.close();
});
