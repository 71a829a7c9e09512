import { createServer, type AddressInfo, type Server } from 'node:net';
import { basename } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, listenProblem, nextFreePort, waitForPort, whoListens } from './ports.ts';

async function listening(): Promise<number> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer().listen(0, '127.0.0.1', () => {
      resolve(made);
    });
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a port in use is not free, and the next one is chosen instead', async () => {
  const port = await listening();
  expect((await listenProblem(port))?.code).toBe('EADDRINUSE');
  expect(await nextFreePort(port)).toBeGreaterThan(port);
  expect(await listenProblem(await freePort())).toBeUndefined();
});

test('a free port is none that the system gives to an outgoing connection meanwhile', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  for (const port of ports) expect(port).toBeLessThan(32_768);
});

test.runIf(process.platform === 'linux')('the program on a port is named with its pid', async () => {
  const port = await listening();
  expect(whoListens(port)).toMatch(new RegExp(`^\\S+.* \\(pid ${process.pid}\\)$`));
  expect(basename(process.execPath)).toBe('node');
});

test('a free port has no known program', async () => {
  expect(whoListens(await freePort())).toBe('another program');
});

test('the wait for a port ends when giveUp returns true', async () => {
  const port = await freePort();
  const deadline = Date.now() + 200;
  expect(await waitForPort(port, '127.0.0.1', () => Date.now() > deadline)).toBe(false);
  expect(await waitForPort(await listening(), '127.0.0.1', () => false)).toBe(true);
});
