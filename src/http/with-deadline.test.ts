import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDeadline } from './with-deadline.ts';

let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((_, response) => void response.write('{"keys":'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test('stalled bodies time out, even if garbage is collected while they are read', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const collecting = setInterval(collectGarbage, 10);
  const reads = Array.from({ length: 50 }, () =>
    withDeadline(200, async (signal) => (await fetch(url, { signal })).text()),
  );
  const results = await Promise.allSettled(reads);
  clearInterval(collecting);
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(50);
});

test('work that ignores its signal times out too', async () => {
  await expect(withDeadline(10, () => new Promise(() => undefined))).rejects.toThrow(
    'no complete response within 10 ms',
  );
});

test('work that finishes in time returns its result', async () => {
  expect(await withDeadline(60_000, () => Promise.resolve('keys'))).toBe('keys');
});
