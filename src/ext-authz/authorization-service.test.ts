import { expect, test } from 'vitest';
import { alice, aService } from '../../test/support/service.ts';
import { readAnswer } from '../../test/support/check-messages.ts';
import type { AuthMethod } from '../auth/auth-method.ts';
import { deny } from '../auth/decision.ts';
test.each([
  ['a malformed host', [alice], { host: 'comfy.example.com:abc' }, 400, 'host-malformed'],
  ['no host', [alice], { host: '' }, 400, 'host-malformed'],
  ['no credentials', [], {}, 401, 'credentials-missing'],
  [
    'a header nominated for removal',
    [alice, ['connection', 'x-funart-comfy-userid']],
    {},
    403,
    'connection-option',
  ],
  ['a disguised token parameter', [alice], { path: '/ws?tok%65n=x' }, 403, 'parameter-disguised'],
  [
    'a WebSocket of a foreign page',
    [alice, ['upgrade', 'websocket'], ['origin', 'http://evil.example']],
    {},
    403,
    'origin-foreign',
  ],
  [
    'a change by a foreign page',
    [alice, ['origin', 'http://evil.example']],
    { method: 'POST' },
    403,
    'origin-foreign',
  ],
] as const)('%s is refused', async (_, headers, parts, status, reason) => {
  const { ask, outcomes } = aService();
  const answer = await ask(headers, parts);
  expect(answer).toMatchObject({ code: 7, http_response: 'denied_response', status, metadata: { reason } });
  expect(outcomes).toMatchObject([{ decision: { kind: 'deny', reason } }]);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { requestId: '-' } });
});

test("an allowed origin's page may use the browser's credentials", async () => {
  const parts = { method: 'POST' };
  const { ask } = aService({ allowedOrigins: ['https://portal.example.com'] });
  expect(await ask([alice, ['origin', 'https://portal.example.com']], parts)).toMatchObject({ code: 0 });
  expect(await ask([alice, ['origin', 'https://evil.example']], parts)).toMatchObject({ code: 7 });
});

test('credentials that no browser adds by itself may come from any page', async () => {
  const find = () => ({ text: 'alice', ambient: false });
  const { ask } = aService({ method: { find } });
  expect(await ask([['origin', 'http://evil.example']], { method: 'POST' })).toMatchObject({ code: 0 });
});

test('an access rule denies with 403, its reason and what the operator says, also for cached identities', async () => {
  const rule = { name: 'no cleaning', why: 'Ask <Carol>.' };
  const { ask, outcomes } = aService({
    access: (method, target) =>
      method === 'POST' && target === '/free' ? { ...deny('rule-denied'), rule } : undefined,
  });
  for (let times = 0; times < 3; times++) {
    const answer = await ask([alice], { method: 'POST', path: '/free' });
    expect(answer).toMatchObject({ code: 7, status: 403, metadata: { reason: 'rule-denied' } });
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'forbidden', message: 'Ask <Carol>.' } });
    expect(await ask([alice], { path: '/free' })).toMatchObject({ code: 0 });
  }
  expect(outcomes[0]).toMatchObject({ decision: { kind: 'deny', reason: 'rule-denied', rule } });
  const page = await ask([alice, ['accept', 'text/html']], { method: 'POST', path: '/free' });
  expect(page.body).toContain('Ask &lt;Carol&gt;.');
});

test("Envoy's route decides the endpoint, whatever the host", async () => {
  for (const host of ['comfy.example.com', 'other.example:8080', '[::1]', 'studio'])
    expect(await aService().ask([alice], { host })).toMatchObject({
      code: 0,
      metadata: { endpoint: 'studio' },
    });
});

test.each([
  ['names no endpoint', { endpoint: '' }, /^Envoy's route names no endpoint: /],
  ['names another endpoint', { endpoint: 'other' }, /^Envoy names endpoint other, which is not configured: /],
  ['names a part of it', { endpoint: 'studi' }, /not configured/],
  ['names it in another case', { endpoint: 'Studio' }, /^Envoy names endpoint with an invalid name, /],
  ['names a property of all objects', { endpoint: 'constructor' }, /not configured/],
  ['names all', { endpoint: '*' }, /not configured/],
  [
    'leads to other upstreams',
    { upstream: '0123456789abcdef' },
    /^Envoy sends requests for endpoint studio to upstreams that do not match/,
  ],
  ['does not say where it leads', { upstream: '' }, /to upstreams that do not match/],
])('a route that %s gets 503, and the log says how to fix it', async (_, parts, cause) => {
  const asked: string[] = [];
  const find: AuthMethod['find'] = (request) => (asked.push(request.host), deny('credentials-missing'));
  const { ask, outcomes } = aService({ method: { find } });
  const answer = await ask([alice], parts);
  expect(answer).toMatchObject({ code: 7, status: 503, metadata: { reason: 'unavailable' } });
  expect(answer.headers).not.toHaveProperty('www-authenticate');
  expect(asked).toEqual([]);
  const [outcome] = outcomes;
  const found = outcome?.decision.kind === 'unavailable' ? outcome.decision.cause : '';
  expect(found).toMatch(cause);
  expect(found).toMatch(/: render its bootstrap again with `comfy-tenant envoy` and restart Envoy$/);
});

test.each<[string, Partial<AuthMethod>]>([
  ['at once', { authenticate: () => { throw new Error('broken'); } }], // prettier-ignore
  ['later', { authenticate: () => Promise.reject(new Error('broken')) }],
  ['while looking for credentials', { find: () => { throw new Error('broken'); } }], // prettier-ignore
])('a defect that shows %s is answered with 503, never with nothing', async (_, method) => {
  const { ask, outcomes } = aService({ method });
  const answer = await ask([alice]);
  expect(answer).toMatchObject({ code: 7, status: 503, headers: { 'retry-after': '2' } });
  expect(outcomes).toMatchObject([{ decision: { kind: 'unavailable' }, error: { message: 'broken' } }]);
});

test('a check that cannot be decoded gets 503', async () => {
  const { check } = aService();
  expect(readAnswer(await check(Buffer.from([0x0a, 0xff])))).toMatchObject({
    code: 7,
    status: 503,
  });
});

test('all 401 responses are the same, whatever the reason', async () => {
  const reasons = ['password-wrong', 'user-unknown', 'token-expired', 'signature-wrong'] as const;
  const answers = await Promise.all(
    reasons.map((reason) => aService({ method: { authenticate: () => deny(reason) } }).ask([alice])),
  );
  for (const { headers, body, status } of answers) {
    expect({ headers, body, status }).toEqual({
      status: 401,
      headers: {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'www-authenticate': 'Basic realm="studio"',
      },
      body: '{"error":{"code":"unauthenticated","message":"Authentication required: credentials are missing, invalid or expired.","requestId":"-"}}',
    });
  }
});

test('a browser gets an HTML page, and only a valid request id is shown', async () => {
  const { ask } = aService();
  const page = await ask([
    ['accept', 'text/html,*/*'],
    ['x-request-id', '5a6b-1'],
  ]);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).toContain('<code>5a6b-1</code>');
  const forged = await ask([
    ['accept', 'text/html'],
    ['x-request-id', '<script>'],
  ]);
  expect(forged.body).toContain('<code>-</code>');
  expect(forged.body).not.toContain('<script>');
});

test.each([
  ['the external address of Envoy', 0, [['x-envoy-external-address', '198.51.100.1']], '198.51.100.1'],
  ['the peer', 0, [['x-forwarded-for', '198.51.100.1']], '192.0.2.7'],
  ['who the trusted proxy names', 1, [['x-forwarded-for', 'forged, 10.1.1.1, 10.0.0.2']], '10.1.1.1'],
] as const)('the client is %s', async (_, trustedHops, headers, address) => {
  const seen: string[] = [];
  const authenticate: AuthMethod['authenticate'] = (__, client) => (
    seen.push(client.address),
    deny('password-wrong')
  );
  await aService({ trustedHops, method: { authenticate } }).ask([alice, ...headers]);
  expect(seen).toEqual([address]);
});
