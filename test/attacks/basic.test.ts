import { hashSync } from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import type { HeaderField } from '../../src/http/request-head.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';

const users = { alice: 'tulip', bob: 'cedar', Zoë: 'café', colon: 'a:b:c', empty: '' };
const list = Object.entries(users).map(
  ([username, password]) => `{ username: "${username}", password: "${hashSync(password, 4)}" }`,
);
const guard = aGuard(`
endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${list.join(', ')}] }
`);
let from = 0;
/** Each from an address of its own, so that no earlier failure delays it. */
const authorize = (...values: string[]) =>
  guard.authorize(
    values.map((value): HeaderField => ['authorization', value]),
    { peer: `192.0.2.${from++ % 250}` },
  );
const raw = (bytes: Uint8Array | string): string => `Basic ${Buffer.from(bytes).toString('base64')}`;
const encoded = Buffer.from('alice:tulip').toString('base64');

test.each([
  ['alice', basic('alice', 'tulip'), 'alice'],
  ['UTF-8', basic('Zoë', 'café'), 'Zo%C3%AB'],
  ['colons in the password', basic('colon', 'a:b:c'), 'colon'],
  ['the scheme in any case', `bAsIc ${encoded}`, 'alice'],
  ['spaces after the scheme', `Basic   ${encoded}`, 'alice'],
])('%s signs in as themselves', async (_, value, user) => {
  expect(await authorize(value)).toEqual({ user });
});

test.each([
  ['no value', ''],
  ['the scheme alone', 'Basic'],
  ['the scheme and a space', 'Basic '],
  ['another scheme', `Digest ${encoded}`],
  ['a Bearer token', `Bearer ${encoded}`],
  ['a tab after the scheme', `Basic\t${encoded}`],
  ['no colon', raw('alice')],
  ['no user name', raw(':tulip')],
  ['no user name and no password', raw(':')],
  ['an empty password', basic('alice', '')],
  ['another user’s password', basic('alice', 'cedar')],
  ['a name in another case', basic('Alice', 'tulip')],
  ['a name with a space more', basic('alice ', 'tulip')],
  ['a space before the name', basic(' alice', 'tulip')],
  ['a name with a NUL', basic('alice\0', 'tulip')],
  ['a password with a NUL', basic('alice', 'tulip\0')],
  ['a password cut by a NUL', basic('alice', 'tulip\0x')],
  ['a line feed in the name', basic('alice\r\nX-FunArt-Comfy-UserId: bob', 'tulip')],
  ['a name of the prototype', basic('constructor', 'tulip')],
  ['the name in another normal form', basic('Zoe\u0308', 'café')],
  ['the password in another normal form', basic('Zoë', 'cafe\u0301')],
  ['bytes that are no UTF-8', raw(Buffer.from('Zo\xeb:caf\xe9', 'latin1'))],
  ['an overlong encoding', raw(Buffer.from([0xc1, 0xa1, ...Buffer.from('lice:tulip')]))],
  ['base64url', `Basic ${Buffer.from('alice:tulip?>').toString('base64url')}`],
  ['bits after the end of base64', `Basic ${encoded.replace(/A==$|=$/, '')}B=`],
  ['base64 with a line feed', `Basic ${encoded.slice(0, 4)}\n${encoded.slice(4)}`],
  ['something after the token', `Basic ${encoded} x`],
  ['two joined lines (CVE-2025-64527)', `Basic ${encoded},Basic ${encoded}`],
  ['a Bearer token joined to it', `Bearer a.b.c,Basic ${encoded}`],
  ['60 KB', basic('alice', 'x'.repeat(60_000))],
  ['a name of 60 KB', basic('a'.repeat(60_000), 'tulip')],
])('%s is rejected', async (_, value) => {
  expect(await authorize(value)).toMatchObject({ status: 401 });
});

test.each([
  ['the same twice', basic('alice', 'tulip'), basic('alice', 'tulip')],
  ['two users', basic('alice', 'tulip'), basic('bob', 'cedar')],
  ['an empty one beside a good one', '', basic('alice', 'tulip')],
])('Authorization with %s is rejected', async (_, ...values) => {
  expect(await authorize(...values)).toEqual({ refused: 'credentials-ambiguous', status: 401 });
});

test.each(['Proxy-Authorization', 'X-Authorization', 'Authorization_', 'X-Forwarded-Authorization'])(
  'credentials in %s are ignored',
  async (name) => {
    const verdict = await guard.authorize([[name.toLowerCase(), basic('alice', 'tulip')]]);
    expect(verdict).toEqual({ refused: 'credentials-missing', status: 401 });
  },
);

test('a denied client does not learn the reason', async () => {
  const bodies = new Set<string>();
  for (const value of [basic('alice', 'wrong'), basic('stranger', 'wrong'), 'Basic !', 'Digest x', '']) {
    const answer = await guard.ask([['authorization', value]], { peer: '198.51.100.9' });
    bodies.add(JSON.stringify([answer.status, answer.headers, answer.body]));
  }
  expect(bodies.size).toBe(1);
});
