import { expect, test } from 'vitest';
import { growthOf, LINEAR } from '../../test/support/cpu-time.ts';
import { parseHtpasswd } from './htpasswd.ts';

const BCRYPT = `$2y$10$${'a'.repeat(53)}`;

test('users come in the order of the file with the lines that they stand in', () => {
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

test('a name may hold spaces, letters of any script and a # that is not first', () => {
  const text = `Zoë Müller:${BCRYPT}\na#b:${BCRYPT}\n`;
  expect(parseHtpasswd(text).users.map(({ username }) => username)).toEqual(['Zoë Müller', 'a#b']);
});

test('names that JavaScript objects have are names like others', () => {
  const text = `__proto__:${BCRYPT}\nconstructor:${BCRYPT}\n`;
  expect(parseHtpasswd(text).users.map(({ username }) => username)).toEqual(['__proto__', 'constructor']);
});

test('a line with a fault gives no user', () => {
  expect(parseHtpasswd('alice:hunter2\n')).toEqual({
    users: [],
    faults: [
      {
        line: 1,
        message:
          'the password of alice is not a password hash, and plain passwords are not read; make one with `comfy-tenant hash`',
      },
    ],
    warnings: [],
  });
});

test('of a name that is there twice the first counts, as in Apache', () => {
  const other = BCRYPT.replace('aaa', 'bbb');
  const { users, faults } = parseHtpasswd(`alice:${BCRYPT}\nalice:${other}\n`);
  expect(users).toEqual([{ username: 'alice', hash: BCRYPT, line: 1 }]);
  expect(faults).toEqual([{ line: 2, message: 'alice is already in line 1: keep one' }]);
});

test('a second colon makes the hash none', () => {
  expect(parseHtpasswd(`alice:${BCRYPT}:x\n`).faults[0]?.message).toBe(
    'the password of alice is a hash of another kind or is damaged: argon2id or bcrypt is needed; make one with `comfy-tenant hash`',
  );
});

test('reading users takes time in proportion to their number, up to 100,000', () => {
  const growth = growthOf((count) => {
    const text = Array.from({ length: count }, (_, index) => `user${index}:${BCRYPT}`).join('\n');
    expect(parseHtpasswd(text).users).toHaveLength(count);
  });
  expect(growth).toBeLessThan(LINEAR);
});
