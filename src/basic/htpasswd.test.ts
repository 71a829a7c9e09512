import { expect, test } from 'vitest';
import { growthOf, LINEAR } from '../../test/support/cpu-time.ts';
import { parseHtpasswd } from './htpasswd.ts';

const BCRYPT = `$2y$10$${'a'.repeat(53)}`;

test('users are in file order, with their line numbers', () => {
  const text = `# staff\r\nbob:${BCRYPT}\r\n\r\nalice:${BCRYPT}  \n`;
  expect(parseHtpasswd(text)).toEqual({
    users: [
      { username: 'bob', hash: BCRYPT, line: 2 },
      { username: 'alice', hash: BCRYPT, line: 4 },
    ],
    faults: [],
    warnings: [],
  });
});

test('a name may contain spaces, letters of any script and a # that is not first', () => {
  const text = `Zoë Müller:${BCRYPT}\na#b:${BCRYPT}\n`;
  expect(parseHtpasswd(text).users.map(({ username }) => username)).toEqual(['Zoë Müller', 'a#b']);
});

test('names of JavaScript object members are ordinary names', () => {
  const text = `__proto__:${BCRYPT}\nconstructor:${BCRYPT}\n`;
  expect(parseHtpasswd(text).users.map(({ username }) => username)).toEqual(['__proto__', 'constructor']);
});

test('a line with an error gives no user', () => {
  expect(parseHtpasswd('alice:hunter2\n')).toEqual({
    users: [],
    faults: [
      {
        line: 1,
        message:
          'the password of alice is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
      },
    ],
    warnings: [],
  });
});

test('for a duplicate name the first line applies, as in Apache', () => {
  const other = BCRYPT.replace('aaa', 'bbb');
  const { users, faults } = parseHtpasswd(`alice:${BCRYPT}\nalice:${other}\n`);
  expect(users).toEqual([{ username: 'alice', hash: BCRYPT, line: 1 }]);
  expect(faults).toEqual([{ line: 2, message: 'alice is already on line 1: keep one' }]);
});

test('a second colon makes the hash invalid', () => {
  expect(parseHtpasswd(`alice:${BCRYPT}:x\n`).faults[0]?.message).toBe(
    'the password of alice is an unsupported or damaged hash: use argon2id or bcrypt; create one with `comfy-tenant hash`',
  );
});

test('reading users takes time in proportion to their number, up to 100,000', () => {
  const growth = growthOf((count) => {
    const text = Array.from({ length: count }, (_, index) => `user${index}:${BCRYPT}`).join('\n');
    expect(parseHtpasswd(text).users).toHaveLength(count);
  });
  expect(growth).toBeLessThan(LINEAR);
});
