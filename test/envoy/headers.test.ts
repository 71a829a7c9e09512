import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { rawRequest } from './raw-request.ts';
import { letIn } from './scripted-authz.ts';
import { startStand, type Stand } from './stand.ts';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
});
afterAll(() => stand.stop());
beforeEach(() => {
  stand.upstream.seen.length = 0;
  stand.authz.asked.length = 0;
  stand.authz.say(() => letIn());
});

const get = (...headers: string[]) =>
  rawRequest(stand.envoy.port, { lines: ['GET /queue HTTP/1.1', ...headers] });
/** Every header that reached the upstream and could be taken for a user id. */
const userIds = () =>
  stand.upstream.seen.flatMap(({ headers }) => headers.filter(([name]) => /funart|comfy.?user/.test(name)));

const ALICE = [
  ['x-funart-comfy-userid', 'alice'],
  ['x-funart-comfy-token', 'token-of-alice'],
];

test.each([
  ['nothing', []],
  ['it once', ['X-FunArt-Comfy-UserId: mallory']],
  ['it twice', ['X-FunArt-Comfy-UserId: mallory', 'X-FunArt-Comfy-UserId: bob']],
  ['it in other cases', ['x-funart-comfy-userid: mallory', 'X-FUNART-COMFY-USERID: bob']],
  ['it empty', ['X-FunArt-Comfy-UserId:']],
  ['it with spaces and tabs', ['X-FunArt-Comfy-UserId: \t mallory \t']],
  ['a token too', ['X-FunArt-Comfy-Token: forged', 'X-FunArt-Comfy-UserId: bob']],
  ["ComfyUI's own header of it", ['Comfy-User: mallory']],
])('when the client sends %s, exactly ours reaches ComfyUI (CVE-2026-33433)', async (_, headers) => {
  expect((await get(...headers)).status).toBe(200);
  expect(userIds().toSorted()).toEqual(ALICE.toSorted());
});

test.each(['X_FunArt_Comfy_UserId: mallory', 'X-FunArt_Comfy-UserId: mallory'])(
  'a header with underscores is refused before anything is asked (CVE-2026-54763): %s',
  async (header) => {
    expect((await get(header)).status).toBe(400);
    expect(stand.authz.asked).toEqual([]);
    expect(stand.upstream.seen).toEqual([]);
  },
);

test.each(['X-FunArt-Comfy-UserId : mallory', 'X-FunArt-Comfy-UserId: mal\0lory'])(
  'a header that no server reads alike is refused: %j',
  async (header) => {
    expect((await get(header)).status).toBe(400);
    expect(stand.upstream.seen).toEqual([]);
  },
);

test('the service does not even see what the client claims to be', async () => {
  await get('X-FunArt-Comfy-UserId: mallory', 'X-FunArt-Comfy-Token: forged');
  expect(stand.authz.asked[0]?.headers.map(([name]) => name)).not.toContain('x-funart-comfy-userid');
});

test('a trailer brings no user id', async () => {
  const lines = ['POST /queue HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: X-FunArt-Comfy-UserId'];
  const body = '3\r\nabc\r\n0\r\nX-FunArt-Comfy-UserId: mallory\r\n\r\n';
  await rawRequest(stand.envoy.port, { lines, body });
  expect(stand.upstream.seen).toMatchObject([{ trailers: [], bytes: 3 }]);
  expect(userIds().toSorted()).toEqual(ALICE.toSorted());
});

test('naming the header in Connection does not take it away (GHSA-w9mr-28mw-j8hg)', async () => {
  await get('Connection: close, X-FunArt-Comfy-UserId', 'X-FunArt-Comfy-UserId: mallory');
  expect(userIds().toSorted()).toEqual(ALICE.toSorted());
});

test('credentials do not reach ComfyUI, nor does anything the service takes away', async () => {
  stand.authz.say(() => letIn({ remove: ['authorization', 'cookie'], removeQuery: ['token'] }));
  const lines = [
    'GET /ws?token=secret&clientId=1 HTTP/1.1',
    'Authorization: Basic c2VjcmV0',
    'Cookie: a=secret',
  ];
  await rawRequest(stand.envoy.port, { lines });
  const [seen] = stand.upstream.seen;
  expect(seen?.url).toBe('/ws?clientId=1');
  expect(seen?.headers.map(([name]) => name)).not.toContain('authorization');
  expect(seen?.headers.map(([name]) => name)).not.toContain('cookie');
});

test("ComfyUI's paths arrive as they are: escaped slashes stay", async () => {
  const path = '/api/userdata/workflows%2Fa%20b.json?overwrite=true';
  await rawRequest(stand.envoy.port, { lines: [`GET ${path} HTTP/1.1`] });
  expect(stand.upstream.seen[0]?.url).toBe(path);
  expect(stand.authz.asked[0]?.path).toBe(path);
});

test('Host passes unchanged, and its port, case and last dot do not matter', async () => {
  for (const host of ['comfy.example.com:8080', 'COMFY.example.com', 'comfy.example.com.']) {
    expect((await rawRequest(stand.envoy.port, { lines: ['GET /queue HTTP/1.1'], host })).status).toBe(200);
  }
  const hosts = stand.upstream.seen.map(({ headers }) => headers.find(([name]) => name === 'host')?.[1]);
  expect(hosts).toEqual(['comfy.example.com:8080', 'COMFY.example.com', 'comfy.example.com.']);
});

test('an unknown host gets 421 without a check', async () => {
  const answer = await rawRequest(stand.envoy.port, { lines: ['GET / HTTP/1.1'], host: 'other.example.com' });
  expect(answer.status).toBe(421);
  expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'unknown-host' } });
  expect(stand.authz.asked).toEqual([]);
});

test.each([
  ['one', []],
  ['one behind a proxy of its own', ['X-Forwarded-For: 7.7.7.7']],
])(
  '%s on this network cannot say where it comes from (CVE-2024-45806, CVE-2023-27487)',
  async (_, forwarded) => {
    const claims = ['X-Envoy-External-Address: 6.6.6.6', 'X-Request-Id: mine', ...forwarded];
    await get(...claims, 'X-Envoy-Internal: true', 'X-Envoy-Retry-On: 5xx');
    const [asked] = stand.authz.asked;
    const told = Object.fromEntries(asked?.headers ?? []);
    expect(told['x-envoy-external-address'] ?? asked?.peerAddress).toBe('127.0.0.1');
    expect(told['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.stringify(stand.upstream.seen)).not.toMatch(/6\.6\.6\.6|mine|retry-on|envoy-internal/);
  },
);

test('the service is sent only the headers that it reads', async () => {
  await get('Authorization: Basic YTpi', 'Cookie: a=b', 'User-Agent: x', 'Accept: */*', 'X-Other: 1');
  const names = stand.authz.asked[0]?.headers.map(([name]) => name).toSorted();
  expect(names).toEqual([
    'accept',
    'authorization',
    'cookie',
    'x-envoy-external-address',
    'x-forwarded-proto',
    'x-request-id',
  ]);
});

test('what answers behind Envoy is not told', async () => {
  expect((await get()).head).not.toMatch(/^(server|x-envoy-.*):/im);
});

test('the log says who, but never the query nor credentials', async () => {
  await rawRequest(stand.envoy.port, {
    lines: ['GET /view?token=secret-query HTTP/1.1', 'Authorization: Basic secret-credentials'],
  });
  await expect.poll(() => stand.envoy.output()).toMatch(/"\/view"/);
  expect(stand.envoy.output()).toContain('"user":"alice"');
  expect(stand.envoy.output()).not.toMatch(/secret-(query|credentials)/);
});
