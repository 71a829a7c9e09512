import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchJson } from './fetch-jwks.ts';

let server: Server;
let origin: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const answers: Record<string, () => void> = {
      '/jwks': () => response.setHeader('cache-control', 'public, max-age=120').end('{"keys":[]}'),
      '/redirect': () => response.writeHead(302, { location: '/jwks' }).end(),
      '/large': () => response.end(`"${'x'.repeat(600 * 1024)}"`),
      '/text': () => response.end('hello'),
    };
    const answer = answers[request.url ?? ''] ?? (() => response.writeHead(500).end('{}'));
    answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(() => {
  server.close();
});

test('a document is fetched with how long it may be used', async () => {
  expect(await fetchJson(`${origin}/jwks`, { fetch, allowHttp: true })).toEqual({
    json: { keys: [] },
    maxAgeMs: 120_000,
  });
});

test.each([
  ['/redirect', 'unexpected redirect'],
  ['/large', 'answers more than 512 KiB'],
  ['/text', 'Unexpected token \'h\', "hello" is not valid JSON'],
  ['/missing', 'answered 500'],
])('%s is refused: %s', async (path, reason) => {
  await expect(fetchJson(`${origin}${path}`, { fetch, allowHttp: true })).rejects.toThrow(reason);
});

test('http is refused unless it is allowed', async () => {
  await expect(fetchJson(`${origin}/jwks`, { fetch, allowHttp: false })).rejects.toThrow(
    `${origin}/jwks: must be https, or say allowHttp: true`,
  );
});

test.each(['http://169.254.169.254/latest', 'http://[fe80::1]/jwks', 'http://[::ffff:169.254.169.254]/'])(
  'link-local %s is never asked',
  async (url) => {
    const never = () => Promise.reject(new Error('was asked'));
    await expect(fetchJson(url, { fetch: never, allowHttp: true })).rejects.toThrow(/is link-local/);
  },
);

test('an issuer that is down is named with the reason', async () => {
  await expect(fetchJson('http://127.0.0.1:1/jwks', { fetch, allowHttp: true })).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1\/jwks: .+/,
  );
});
