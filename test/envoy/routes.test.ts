import { afterEach, expect, test } from 'vitest';
import { startEchoUpstream } from './echo-upstream.ts';
import { rawRequest } from './raw-request.ts';
import { letIn } from './scripted-authz.ts';
import { aConfig, BASIC, startStand, type Stand } from './stand.ts';

let stand: Stand;
afterEach(() => stand.stop());

const get = (path: string, host = 'comfy.example.com', ...headers: string[]) =>
  rawRequest(stand.envoy.port, { lines: [`GET ${path} HTTP/1.1`, ...headers], host });

const PUBLIC = `    publicPaths:
      - { path: /robots.txt, answer: { body: "Disallow: /" } }
      - { path: /status }
      - { path: "/public/*" }
`;

test('an exact public path is answered by Envoy itself', async () => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
  const answer = await get('/robots.txt?x=1');
  expect(answer).toMatchObject({ status: 200, body: 'Disallow: /' });
  expect(stand.authz.asked).toEqual([]);
  expect(stand.upstream.seen).toEqual([]);
});

test('a public path passes without identity, whatever the client claims', async () => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
  for (const path of ['/status', '/public/a.js', '/public/a/b-c_d.png?v=1']) {
    expect((await get(path, undefined, 'X-FunArt-Comfy-UserId: mallory')).status).toBe(200);
  }
  expect(stand.authz.asked).toEqual([]);
  expect(stand.upstream.seen).toHaveLength(3);
  expect(JSON.stringify(stand.upstream.seen)).not.toMatch(/mallory|funart/i);
});

test('no credentials go along with a public path', async () => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
  const credentials = ['Authorization: Basic YTpzZWNyZXQ=', 'Cookie: token=secret'];
  expect((await get('/status', undefined, ...credentials)).status).toBe(200);
  const names = stand.upstream.seen[0]?.headers.map(([name]) => name);
  expect(names).not.toContain('authorization');
  expect(names).not.toContain('cookie');
});

const TOKENS = [
  '{ method: JWT, issuers: [{ issuer: https://a.example, audience: x, jwks: { discover: true } }],',
  ' tokenLookup: [{ location: QUERY, name: token }, { location: HEADER, name: X-Token }],',
  ' claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }] }',
].join('');

test('a public path with a token is authenticated, so that the token is removed', async () => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC).replace(BASIC, TOKENS) });
  for (const path of ['/status?token=secret', '/public/a?x=1&token=secret']) {
    stand.authz.asked.length = 0;
    await get(path);
    expect(stand.authz.asked).toHaveLength(1);
  }
  stand.upstream.seen.length = 0;
  expect((await get('/status?x=1', undefined, 'X-Token: secret')).status).toBe(200);
  expect(JSON.stringify(stand.upstream.seen)).not.toContain('secret');
});

test.each([
  '/STATUS',
  '/status/',
  '/statusx',
  '/public',
  '/publicx/a',
  '/public/../prompt',
  '/public/%2e%2e/prompt',
  '/public/..%2fprompt',
  '/public/..;/prompt',
  '/public/..%5cprompt',
  '/public/a;x=1/../../prompt',
  '/public/%252e%252e/prompt',
  '/public/.hidden',
  '/public/a%2fb',
  '/public/..\\prompt',
  '//public/../prompt',
  '/public;x/../prompt',
  '/status;x=1',
  '/public/%zz',
  '/prompt?next=/public/a',
  '/prompt?/status',
  'http://comfy.example.com/public/../prompt',
  // CVE-2021-29492, CVE-2021-31920, CVE-2021-32637, CVE-2025-54576, CVE-2026-33494, CVE-2026-73553
])('%s is not a public path: it is authenticated', async (path) => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
  const { status } = await get(path);
  const checked = stand.authz.asked.length === 1;
  expect({ status, checked }).toEqual({ status: 200, checked: true });
});

test.each(['/status#/../prompt', '/prompt#/public/a', '/public/\u00e4'])(
  '%s is rejected by Envoy without a check (CVE-2021-39156)',
  async (path) => {
    stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
    expect((await get(path)).status).toBe(400);
    expect([...stand.authz.asked, ...stand.upstream.seen]).toEqual([]);
  },
);

test.each(['/metrics', '/readyz', '/healthz', '/stats', '/server_info', '/config_dump', '/debug/pprof/'])(
  'the gateway has nothing of its own to show under %s (CVE-2022-24797)',
  async (path) => {
    stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
    await get(path);
    expect(stand.authz.asked).toHaveLength(1);
    expect(stand.upstream.seen).toHaveLength(1);
  },
);

test('without multi-tenant mode authenticated requests pass without a user id, others not at all', async () => {
  const config = (port: number): string => aConfig(port).replace('multiTenant: true', 'multiTenant: false');
  stand = await startStand({ config });
  stand.authz.say(() => letIn({ headers: [], remove: ['authorization', 'x-funart-comfy-userid'] }));
  expect((await get('/queue', undefined, 'X-FunArt-Comfy-UserId: mallory')).status).toBe(200);
  expect(JSON.stringify(stand.upstream.seen)).not.toMatch(/mallory|funart/i);
  stand.authz.say(() => letIn({ headers: [], metadata: [] }));
  expect((await get('/queue')).status).toBe(403);
  stand.authz.say(() => letIn());
  expect((await get('/queue')).status).toBe(403);
});

test('of several ComfyUIs, each user always gets the same one, and clients cannot choose', async () => {
  const second = await startEchoUpstream();
  const third = await startEchoUpstream();
  const ports = [second.port, third.port].map((port) => `, http://127.0.0.1:${String(port)}`).join('');
  const config = (port: number): string =>
    aConfig(port).replace(/upstream: (.*)/, (_, first: string) => `upstream: [${first}${ports}]`);
  stand = await startStand({ config });
  const places = [stand.upstream, second, third];
  // A user's home depends on which ComfyUIs are healthy, so all of them must be.
  const used = async (): Promise<boolean[]> => {
    for (let count = 0; count < 30; count++) {
      stand.authz.say(() => letIn({ headers: [['x-funart-comfy-userid', `first-${String(count)}`]] }));
      await get('/queue');
    }
    return places.map(({ seen }) => seen.length > 0);
  };
  await expect.poll(used).toEqual([true, true, true]);
  for (const place of places) place.seen.length = 0;
  const homes = new Map<string, Set<number>>();
  for (let count = 0; count < 40; count++) {
    const user = `user-${String(count % 10)}`;
    stand.authz.say(() => letIn({ headers: [['x-funart-comfy-userid', user]] }));
    const before = places.map(({ seen }) => seen.length);
    await get('/queue', undefined, `X-FunArt-Comfy-UserId: user-${String(Math.floor(count / 4))}`);
    const home = places.findIndex(({ seen }, index) => seen.length > (before[index] ?? 0));
    homes.set(user, (homes.get(user) ?? new Set()).add(home));
  }
  expect([...homes.values()].every((found) => found.size === 1)).toBe(true);
  expect(new Set([...homes.values()].flatMap((found) => [...found])).size).toBeGreaterThan(1);
  await Promise.all([second.close(), third.close()]);
});

test('each domain has its own endpoint', async () => {
  const other = `  - name: wild
    domains: ["*.wild.example"]
    upstream: http://127.0.0.1:8188
    multiTenant: false
    auth: ${BASIC}
`;
  stand = await startStand({ config: (port) => aConfig(port, other.replace('8188', String(port))) });
  stand.authz.say(() => letIn({ headers: [] }));
  await expect.poll(async () => (await get('/queue', 'a.wild.example:8080')).status).toBe(200);
  expect((await get('/queue', 'comfy.example.com')).status).toBe(403);
  expect((await get('/queue', 'wild.example')).status).toBe(421);
});
