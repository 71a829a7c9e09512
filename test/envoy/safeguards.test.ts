import { afterEach, expect, test } from 'vitest';
import { encodeOk } from '../../src/ext-authz/check-response.ts';
import { rawRequest } from './raw-request.ts';
import { manager } from './run-envoy.ts';
import { letIn, type Script } from './scripted-authz.ts';
import { startStand, type Stand, type StandOptions } from './stand.ts';

type Change = NonNullable<StandOptions['change']>;

let stand: Stand;
afterEach(() => stand.stop());

const forged = (...more: string[]) =>
  rawRequest(stand.envoy.port, {
    lines: ['GET /queue HTTP/1.1', 'X-FunArt-Comfy-UserId: mallory', 'X-FunArt-Comfy-Token: forged', ...more],
  });

const withoutFilter =
  (name: string): Change =>
  (config) => {
    const settings = manager(config);
    settings.http_filters = settings.http_filters.filter((filter) => filter.name !== name);
  };
const withoutEarlyRemoval: Change = (config) => {
  manager(config).early_header_mutation_extensions = [];
};
const withoutAuthz = withoutFilter('envoy.filters.http.ext_authz');
const withoutRbac = withoutFilter('envoy.filters.http.rbac');
const both =
  (one: Change, other: Change): Change =>
  (config) => {
    one(config);
    other(config);
  };

test('early removal alone: the forged id does not arrive, even without the other safeguards', async () => {
  stand = await startStand({ change: both(withoutAuthz, withoutRbac) });
  expect((await forged()).status).toBe(200);
  expect(JSON.stringify(stand.upstream.seen)).not.toMatch(/mallory|forged/);
});

test('the service alone: its id replaces the forged one', async () => {
  stand = await startStand({ change: both(withoutEarlyRemoval, withoutRbac) });
  expect((await forged()).status).toBe(200);
  expect(JSON.stringify(stand.upstream.seen)).not.toMatch(/mallory|forged/);
  expect(JSON.stringify(stand.upstream.seen)).toContain('alice');
});

test('the service alone: if it is unreachable, requests are rejected', async () => {
  stand = await startStand({ change: both(withoutEarlyRemoval, withoutRbac) });
  stand.authz.close();
  expect((await forged()).status).toBe(503);
  expect(stand.upstream.seen).toEqual([]);
});

test('RBAC alone: a forged id without authentication is rejected', async () => {
  stand = await startStand({ change: both(withoutEarlyRemoval, withoutAuthz), plugin: 200 });
  expect((await forged()).status).toBe(403);
  expect(stand.upstream.seen).toEqual([]);
});

const EMPTY: Script = () => new Uint8Array();
const NO_ID: Script = () => letIn({ headers: [] });
const NO_METADATA: Script = () => letIn({ metadata: [] });
const withId =
  (id: string): Script =>
  () =>
    letIn({ headers: [['x-funart-comfy-userid', id]] });

test.each<[string, Script]>([
  ['an empty answer, which means ALLOW', EMPTY],
  ['an OK without a user id', NO_ID],
  ['an OK without metadata', NO_METADATA],
  ['a path for an id', withId('../bob')],
  ['a hidden name for an id', withId('.bob')],
  ['the id that all share', withId('default')],
  ['two ids in one', withId('alice,bob')],
  ['an empty id', withId('')],
  ['an id with half an escape', withId('a%2')],
  ['an id with escapes in lower case', withId('a%2fb')],
  ['an id over 200 bytes', withId('a'.repeat(201))],
])('%s from a faulty service rejects the request', async (_, script) => {
  stand = await startStand();
  stand.authz.say(script);
  expect((await forged()).status).toBe(403);
  expect(stand.upstream.seen).toEqual([]);
});

test.each(['alice', 'Zo%C3%AB', 'corp~alice@example.com', '%2E.', 'a+b_c-d', '%64efault'])(
  'the legal id %s gets in',
  async (id) => {
    stand = await startStand();
    stand.authz.say(withId(id));
    expect((await forged()).status).toBe(200);
  },
);

test('a header that the service may not set is an error, not a silent change', async () => {
  stand = await startStand();
  const metadata = [['user', 'alice']] as const;
  const headers = [['x-funart-comfy-userid', 'alice'], ['x-other', '1']] as const; // prettier-ignore
  stand.authz.say(() => encodeOk({ headers, remove: [], setQuery: [], removeQuery: [], metadata }));
  expect((await forged()).status).toBe(500);
  expect(stand.upstream.seen).toEqual([]);
});

test('a line feed in an id is never written into the request', async () => {
  stand = await startStand();
  stand.authz.say(withId('alice\r\nX-FunArt-Comfy-UserId: bob'));
  expect((await forged()).status).toBe(500);
  expect(stand.upstream.seen).toEqual([]);
});
