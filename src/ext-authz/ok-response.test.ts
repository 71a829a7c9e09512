import { expect, test } from 'vitest';
import { alice, aService, NOW } from '../../test/support/service.ts';

test('good credentials set the user id and the token, and nothing of the credentials goes on', async () => {
  const { ask } = aService();
  expect(await ask([alice])).toEqual({
    http_response: 'ok_response',
    code: 0,
    status: undefined,
    headers: { 'x-funart-comfy-userid': 'alice', 'x-funart-comfy-token': 'token-of-alice' },
    remove: ['authorization'],
    setQuery: {},
    removeQuery: [],
    body: '',
    metadata: { user: 'alice', endpoint: 'studio', method: 'BASIC' },
  });
});

test('without multi-tenant mode no user id goes on, and the client cannot send one', async () => {
  const answer = await aService({ multiTenant: false }).ask([alice]);
  expect(answer.headers).toEqual({});
  expect(answer.remove).toEqual(['authorization', 'x-funart-comfy-userid', 'x-funart-comfy-token']);
});

test('a header that is set is never also removed, as Envoy would then send none', async () => {
  const forwardedClaims = [{ location: 'HEADER', name: 'Authorization', value: 'mapped' }] as const;
  const answer = await aService({ forwardedClaims }).ask([alice]);
  expect(answer.headers['authorization']).toBe('mapped');
  expect(answer.remove).toEqual([]);
});

test('cookies and parameters that carry tokens are taken out, and all others stay', async () => {
  const { ask } = aService();
  const answer = await ask([alice, ['cookie', 'a=1; comfy_token=x; b=2']], {
    path: '/ws?token=x&clientId=1',
  });
  expect(answer.headers['cookie']).toBe('a=1; b=2');
  expect(answer.removeQuery).toEqual(['token']);
  const alone = await ask([alice, ['cookie', 'comfy_token=x']]);
  expect(alone.remove).toContain('cookie');
});

const role = [{ location: 'COOKIE', name: 'role', value: 'artist' }] as const;

test.each([
  'a=b role=admin',
  'a=b\trole=admin',
  'a=b,role=admin',
  'a=b, role=admin',
  'a=b;role=admin',
  'a=b;  role=admin',
  'a=b ;role=admin',
  'role =admin',
  'role= admin',
  ' role=admin',
  'role="admin"',
  'Role=admin',
  'r%6Fle=admin',
  '"a"=b; role=admin',
  'a="b; role=admin; c="',
  'a="b\\"; role=admin"',
  'a="b"role=admin',
  'a=b\\; role=admin',
  'a=\u00fc role=admin',
  'role',
  'role=admin; role=root',
  '=role=admin',
  '$Version=1;role=admin',
])('of the cookies %j, ComfyUI gets no role but ours', async (cookie) => {
  for (const lines of [[cookie], ['x=1', cookie], [`x=1; ${cookie}`], [cookie, 'y=2']]) {
    const headers = lines.map((line) => ['cookie', line] as const);
    const { headers: sent } = await aService({ forwardedClaims: role }).ask([alice, ...headers]);
    expect(sent['cookie']).toMatch(/^(x=1; )?(a=b; )?(c="?; )?(y=2; )?role=artist$/);
    const gone = await aService({ forwardedClaims: [{ ...role[0], value: undefined }] }).ask([
      alice,
      ...headers,
    ]);
    expect(gone.remove.includes('cookie') || gone.headers['cookie'] !== undefined).toBe(true);
    expect(gone.headers['cookie'] ?? '').not.toMatch(/role|%6F/i);
  }
});

test('where cookies carry a claim, those that follow RFC 6265 exactly stay as they are', async () => {
  const good = 'a=1; b=; c="quoted"; __Host-d=x-._~!#$%&\'()*+/:<=>?@[]^`{|}';
  const { headers } = await aService({ forwardedClaims: role }).ask([alice, ['cookie', good]]);
  expect(headers['cookie']).toBe(`${good}; role=artist`);
  const untouched = await aService().ask([alice, ['cookie', good]]);
  expect([untouched.headers['cookie'], untouched.remove.includes('cookie')]).toEqual([undefined, false]);
});

test('where no cookie carries anything, cookies are left alone', async () => {
  const credentialLocations = { headers: ['authorization'], cookies: [], query: [] };
  const { headers, remove } = await aService({ method: { credentialLocations } }).ask([
    alice,
    ['cookie', 'a=b role=x'],
  ]);
  expect([headers['cookie'], remove.includes('cookie')]).toEqual([undefined, false]);
});

test('a WebSocket whose credentials hardly ever end gets a time that a timer can hold', async () => {
  const expiresAtMs = Number.MAX_SAFE_INTEGER * 1000;
  const { headers } = await aService({ expiresAtMs }).ask([alice, ['upgrade', 'websocket']]);
  expect(headers['x-envoy-upstream-stream-duration-ms']).toBe('2147483647');
});

test('claims are passed on in headers, cookies and parameters; absent ones are removed', async () => {
  const forwardedClaims = [
    { location: 'HEADER', name: 'X-Email', value: 'a@b' },
    { location: 'HEADER', name: 'X-Absent', value: undefined },
    { location: 'QUERY', name: 'vip', value: 'a b&c' },
    { location: 'QUERY', name: 'absent', value: undefined },
    { location: 'COOKIE', name: 'team', value: 'red; x=1' },
  ] as const;
  const headers = [alice, ['cookie', 'team=blue; a=1'], ['x-absent', 'forged']] as const;
  const answer = await aService({ forwardedClaims }).ask(headers, {
    path: '/queue?absent=forged&vip=forged',
  });
  expect(answer.headers).toMatchObject({ 'x-email': 'a@b', cookie: 'a=1; team=red%3B%20x%3D1' });
  expect(answer.remove).toContain('x-absent');
  expect(answer.setQuery).toEqual({ vip: 'a%20b%26c' });
  expect(answer.removeQuery).toEqual(['absent']);
});

test.each([
  ['a WebSocket lives as long as its credentials', NOW + 5000.7, [['upgrade', 'WebSocket']], '5000'],
  ['a WebSocket of credentials that just expire lives a moment', NOW - 5, [['upgrade', 'websocket']], '1'],
  ['other requests get no limit', NOW + 5000, [], undefined],
  ['without expiry there is no limit', undefined, [['upgrade', 'websocket']], undefined],
] as const)('%s', async (_, expiresAtMs, headers, expected) => {
  const { ask } = aService(expiresAtMs === undefined ? {} : { expiresAtMs });
  const answer = await ask([alice, ...headers]);
  expect(answer.headers['x-envoy-upstream-stream-duration-ms']).toBe(expected);
});
