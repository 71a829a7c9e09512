import { lookup } from 'node:dns/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi, type Mock } from 'vitest';
import { fetchJson } from './fetch-jwks.ts';

vi.mock('node:dns/promises', async (load) => {
  const real = await load<typeof import('node:dns/promises')>();
  return { ...real, lookup: vi.fn(real.lookup) };
});
const resolve = vi.mocked(lookup) as unknown as Mock<() => Promise<{ address: string }[]>>;

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

test('a document is fetched with its max-age', async () => {
  expect(await fetchJson(`${origin}/jwks`, { fetch, allowHttp: true })).toEqual({
    json: { keys: [] },
    maxAgeMs: 120_000,
  });
});

test.each([
  ['/redirect', 'unexpected redirect'],
  ['/large', 'response larger than 512 KiB'],
  ['/text', 'Unexpected token \'h\', "hello" is not valid JSON'],
  ['/missing', 'responded with status 500'],
])('%s is refused: %s', async (path, reason) => {
  await expect(fetchJson(`${origin}${path}`, { fetch, allowHttp: true })).rejects.toThrow(reason);
});

test('http is rejected unless allowed', async () => {
  await expect(fetchJson(`${origin}/jwks`, { fetch, allowHttp: false })).rejects.toThrow(
    `${origin}/jwks: must be https, or set allowHttp: true`,
  );
});

const never = () => Promise.reject(new Error('was asked'));
test.each([
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '100.100.100.200',
  '[fe80::1]',
  '[febf::1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::169.254.169.254]',
  '[fd00:ec2::254]',
])('the metadata address %s is never contacted', async (host) => {
  await expect(fetchJson(`http://${host}/jwks`, { fetch: never, allowHttp: true })).rejects.toThrow(
    /is a cloud metadata address/,
  );
});

test('a host name that resolves to a metadata address, alone or among others, is rejected', async () => {
  for (const address of ['169.254.169.254', '::ffff:a9fe:a9fe']) {
    resolve.mockResolvedValueOnce([{ address: '192.0.2.1' }, { address }]);
    await expect(fetchJson('https://login.example.com/', { fetch: never, allowHttp: false })).rejects.toThrow(
      'https://login.example.com is a cloud metadata address: keys are never fetched from there',
    );
  }
});

test('an error names the unreachable issuer and the reason', async () => {
  await expect(fetchJson('http://127.0.0.1:1/jwks', { fetch, allowHttp: true })).rejects.toThrow(
    /^http:\/\/127\.0\.0\.1:1\/jwks: .+/,
  );
});
