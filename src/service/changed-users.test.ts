import { expect, test } from 'vitest';
import { aDirectory, load } from '../../test/support/temp-dir.ts';
import type { Config } from '../config/schema.ts';
import { changedUsers } from './changed-users.ts';

const hash = (letter: string): string => `$2b$10$${letter.repeat(22)}${'A'.repeat(31)}`;

function aConfig(users: Record<string, string>, more = ''): Config {
  const directory = aDirectory();
  const list = Object.entries(users).map(([username, password]) => ({ username, password }));
  const auth = `{ method: BASIC, users: ${JSON.stringify(list)}${more} }`;
  const text = `endpoints: [{ name: studio, upstream: "http://127.0.0.1:1", multiTenant: true, auth: ${auth} }]\n`;
  try {
    return load(directory.write('comfy-tenant.yaml', text)).config;
  } finally {
    directory.remove();
  }
}

const BEFORE = { alice: hash('a'), bob: hash('b'), zoë: hash('c') };

test.each<[string, Record<string, string>, string[]]>([
  ['no one', BEFORE, []],
  ['a new user', { ...BEFORE, dave: hash('d') }, []],
  ['a new password', { ...BEFORE, bob: hash('e') }, ['bob']],
  ['a removed user', { alice: hash('a'), bob: hash('b') }, ['zo%C3%AB']],
])('who changed: %s', (_, after, expected) => {
  expect(changedUsers(aConfig(BEFORE), aConfig(after))).toEqual(
    expected.map((userId) => ({ endpoint: 'studio', userId })),
  );
});

test('ids are those of the old configuration', () => {
  const before = aConfig({ alice: hash('a'), bob: hash('b') }, ', userIdPrefix: corp');
  expect(changedUsers(before, aConfig({ bob: hash('b') }))).toEqual([
    { endpoint: 'studio', userId: 'corp~alice' },
  ]);
});
