import { hashSync } from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import { aDirectory, load } from '../support/temp-dir.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';

const users = ['alice', 'bob'].map(
  (name) => `{ username: ${name}, password: "${hashSync(`${name}-tulip`, 4)}" }`,
);
const endpoint = (name: string, domain: string): string => `
  - name: ${name}
    domains: ["${domain}"]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users.join(', ')}] }
`;
const CONFIG = `endpoints:${endpoint('studio', '*')}`;

const ask = (guard: ReturnType<typeof aGuard>, password: string, peer: string, user = 'alice') =>
  guard.ask([['authorization', basic(user, password)]], { peer });

test('of a hundred parallel guesses, those over the budget get 429, even the right one', async () => {
  const guard = aGuard(CONFIG);
  const guesses = Array.from({ length: 99 }, (_, n) => `guess-${n}`);
  const answers = await Promise.all(
    [...guesses, 'alice-tulip'].map((password) => ask(guard, password, '198.51.100.1')),
  );
  expect(answers.slice(0, 5).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
  expect(new Set(answers.slice(5).map(({ status }) => status))).toEqual(new Set([429]));
  expect(answers.at(-1)?.headers['retry-after']).toBe('1');
});

test('a delayed client learns nothing from the owner’s cached decisions', async () => {
  const guard = aGuard(CONFIG);
  expect((await ask(guard, 'alice-tulip', '192.0.2.1')).code).toBe(0);
  for (let n = 0; n < 5; n++) await ask(guard, `guess-${n}`, '198.51.100.1');
  expect((await ask(guard, 'alice-tulip', '198.51.100.1')).status).toBe(429);
  expect((await ask(guard, 'alice-tulip', '192.0.2.1')).code).toBe(0);
});

test('counters survive a configuration reload', async () => {
  const guard = aGuard(CONFIG);
  for (let n = 0; n < 5; n++) await ask(guard, `guess-${n}`, '198.51.100.1');
  const directory = aDirectory();
  const next = load(directory.write('comfy-tenant.yaml', `${CONFIG}log: { level: debug }\n`));
  directory.remove();
  guard.replace(next.config);
  expect((await ask(guard, 'alice-tulip', '198.51.100.1')).status).toBe(429);
});

test('a client delayed at one endpoint for guessing many names is delayed at the other', async () => {
  const guard = aGuard(
    `endpoints:${endpoint('one', 'one.test')}${endpoint('two', 'two.test')}sameUsers: true\n`,
  );
  const at = (host: string, user: string) =>
    guard.ask([['authorization', basic(user, 'x')]], { host, peer: '198.51.100.1' });
  for (let n = 0; n < 30; n++) expect((await at('one.test', `user-${n}`)).status).toBe(401);
  expect((await at('two.test', 'bob')).status).toBe(429);
});

test('a botnet is delayed, but the owner on a known network is not', async () => {
  const guard = aGuard(CONFIG);
  expect((await ask(guard, 'alice-tulip', '192.0.2.1')).code).toBe(0);
  const statuses: (number | undefined)[] = [];
  for (let n = 0; n < 200; n++)
    statuses.push((await ask(guard, `guess-${n}`, `2001:db8:${n.toString(16)}::1`)).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(50);
  guard.later(11 * 60_000); // What was remembered is forgotten: the password is looked at again.
  for (let n = 0; n < 200; n++) await ask(guard, `more-${n}`, `2001:db8:${n.toString(16)}::2`);
  expect((await ask(guard, 'alice-tulip', '192.0.2.1')).code).toBe(0);
  expect((await ask(guard, 'alice-tulip', '2001:db8:ffff::1')).status).toBe(429);
  expect((await ask(guard, 'bob-tulip', '2001:db8:ffff::1', 'bob')).code).toBe(0);
});
