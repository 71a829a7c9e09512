import { afterEach, expect, test, vi } from 'vitest';
import { aDirectory, load } from '../../test/support/temp-dir.ts';
import type { Config } from '../config/schema.ts';
import { sessionDigest } from '../token/session-digest.ts';
import { closeWebSockets, type CloseResult, type Ended } from './close-websockets.ts';

const ISSUER =
  'issuer: https://i.example, audience: c, jwks: { keys: [{ kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }] }';
const auth = (prefix: string): string =>
  `{ method: JWT, issuers: [{ ${ISSUER}, userIdPrefix: ${prefix} }], claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }] }`;
const CONFIG = `endpoints:
  - { name: studio, domains: [a.example], upstream: ["http://127.0.0.1:1", "http://127.0.0.1:2"], multiTenant: true, auth: ${auth('a')} }
  - { name: api, domains: [b.example], upstream: "http://127.0.0.1:2", multiTenant: true, auth: ${auth('b')} }
  - { name: other, domains: [c.example], upstream: "http://127.0.0.1:3", multiTenant: true, auth: ${auth('c')} }
  - { name: single, domains: [d.example], upstream: "http://127.0.0.1:4", multiTenant: false, auth: ${auth('d')} }
`;

function aConfig(): Config {
  const directory = aDirectory();
  try {
    return load(directory.write('comfy-tenant.yaml', CONFIG)).config;
  } finally {
    directory.remove();
  }
}

/** ComfyUIs that answer with these statuses, one after the other; the last one repeats. */
async function close(ended: readonly Ended[], statuses: readonly (number | Error)[] = [200]) {
  const requests: { url: string; token: string | null; body: unknown }[] = [];
  const results: CloseResult[] = [];
  const pauses: number[] = [];
  const asked = new Map<string, number>();
  await closeWebSockets(aConfig(), ended, {
    fetch(url, init) {
      const text = url instanceof URL ? url.href : '';
      const count = asked.get(text) ?? 0;
      asked.set(text, count + 1);
      const token = new Headers(init?.headers).get('x-funart-comfy-token');
      requests.push({ url: text, token, body: JSON.parse(init?.body as string) });
      const status = statuses[Math.min(count, statuses.length - 1)] ?? 200;
      return status instanceof Error
        ? Promise.reject(status)
        : Promise.resolve(Response.json({ closing: 2 }, { status }));
    },
    token: (audience) => Promise.resolve(`token for ${audience}`),
    onResult: (result) => results.push(result),
    signal: new AbortController().signal,
    pause: (ms) => Promise.resolve(pauses.push(ms)),
  });
  return { requests, results, pauses };
}

const urls = ({ requests }: Awaited<ReturnType<typeof close>>): string[] =>
  requests.map(({ url }) => url).sort();

test('every ComfyUI of the endpoint hears, with a token for it, and no session id', async () => {
  const told = await close([
    { endpoint: 'studio', userId: 'alice', sessionId: 'secret', issuedBeforeMs: 5.5 },
  ]);
  expect(urls(told)).toEqual([1, 2].map((port) => `http://127.0.0.1:${port}/_tenant/close`));
  expect(told.requests[0]?.token).toMatch(/^token for comfyui-[0-9a-f]{32}$/);
  expect(told.requests[0]?.body).toEqual({
    close: [{ user: 'alice', session: sessionDigest('secret'), issuedBefore: 6 }],
  });
  expect(told.results).toMatchObject([
    { kind: 'closed', sockets: 2 },
    { kind: 'closed', sockets: 2 },
  ]);
});

test('without an endpoint every multi-tenant ComfyUI hears, each once', async () => {
  const told = await close([{ userId: 'alice' }, { endpoint: 'api', userId: 'bob' }]);
  expect(urls(told)).toEqual([1, 2, 3].map((port) => `http://127.0.0.1:${port}/_tenant/close`));
  const both = told.requests.find(({ url }) => url.includes(':2/'));
  expect(both?.body).toEqual({ close: [{ user: 'alice' }, { user: 'bob' }] });
  const one = told.requests.find(({ url }) => url.includes(':3/'));
  expect(one?.body).toEqual({ close: [{ user: 'alice' }] });
});

test('it is repeated while ComfyUI restarts', async () => {
  const { results, pauses } = await close(
    [{ endpoint: 'other', userId: 'alice' }],
    [new Error('connection refused'), 503, 403, 200],
  );
  expect(results.map(({ kind }) => kind)).toEqual(['failed', 'failed', 'failed', 'closed']);
  expect(pauses).toEqual([500, 1000, 2000]);
});

afterEach(() => {
  vi.useRealTimers();
});

test('a ComfyUI that stops within its answer is asked again', async () => {
  vi.useFakeTimers();
  const endless = new ReadableStream({
    start(body) {
      body.enqueue(Buffer.from('{'));
    },
  });
  const answers = [new Response(endless), Response.json({ closing: 2 })];
  const results: CloseResult[] = [];
  const closed = closeWebSockets(aConfig(), [{ endpoint: 'other', userId: 'alice' }], {
    fetch: () => Promise.resolve(answers.shift() ?? Response.error()),
    token: () => Promise.resolve('token'),
    onResult: (result) => results.push(result),
    signal: new AbortController().signal,
    pause: () => Promise.resolve(),
  });
  await vi.advanceTimersByTimeAsync(5000);
  await closed;
  expect(results.map(({ kind }) => kind)).toEqual(['failed', 'closed']);
});

test('it ends some time', async () => {
  const { results } = await close([{ endpoint: 'other', userId: 'alice' }], [503]);
  expect(results.at(-1)).toEqual({
    kind: 'given-up',
    url: 'http://127.0.0.1:3',
    problem: 'it answered 503',
  });
});

test('a plugin without the route is asked once', async () => {
  const { results } = await close([{ endpoint: 'other', userId: 'alice' }], [401]);
  expect(results).toEqual([
    {
      kind: 'given-up',
      url: 'http://127.0.0.1:3',
      problem: "its plugin is too old (401): install this version's",
    },
  ]);
});
