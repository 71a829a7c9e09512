import { afterAll, expect, test } from 'vitest';
import { ARGON2, BASIC, BCRYPT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const USERS = BASIC.slice(BASIC.indexOf('users:'));
const FILE = spoil(BASIC, USERS, 'usersFile: users.htpasswd\n');

/** `text` with this users file. */
const withFile = (text: string, content: string | Uint8Array): string => {
  directory.write('users.htpasswd', content);
  return text;
};

const CASES: readonly (readonly [sentence: string, text: () => string, ...faults: string[]])[] = [
  [
    'a plain password',
    () => spoil(BASIC, BCRYPT, 'hunter2'),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
  ],
  [
    'an argon2id hash with a huge memory',
    () => spoil(BASIC, BCRYPT, ARGON2.replace('m=19456', 'm=1048576')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is too expensive: argon2id m must be at most 262144 (256 MiB); create one with `comfy-tenant hash`',
  ],
  [
    'an argon2id hash with many rounds',
    () => spoil(BASIC, BCRYPT, ARGON2.replace('t=2', 't=11')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is too expensive: argon2id t must be at most 10; create one with `comfy-tenant hash`',
  ],
  [
    'an argon2id hash with many lanes',
    () => spoil(BASIC, BCRYPT, ARGON2.replace('p=1', 'p=5')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is too expensive: argon2id p must be at most 4; create one with `comfy-tenant hash`',
  ],
  [
    'an argon2id hash without memory',
    () => spoil(BASIC, BCRYPT, ARGON2.replace('m=19456', 'm=7')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is not a valid argon2id hash: t and p are at least 1, m at least 8 × p; create one with `comfy-tenant hash`',
  ],
  [
    'a bcrypt hash of a huge cost',
    () => spoil(BASIC, BCRYPT, BCRYPT.replace('$10$', '$15$')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is too expensive: the bcrypt cost must be at most 14; create one with `comfy-tenant hash`',
  ],
  [
    'a bcrypt hash of no cost',
    () => spoil(BASIC, BCRYPT, BCRYPT.replace('$10$', '$03$')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is not a valid bcrypt hash: the cost is at least 4; create one with `comfy-tenant hash`',
  ],
  [
    'a bcrypt hash that is cut off',
    () => spoil(BASIC, BCRYPT, BCRYPT.slice(0, -1)),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is an unsupported or damaged hash: use argon2id or bcrypt; create one with `comfy-tenant hash`',
  ],
  [
    'an argon2i hash',
    () => spoil(BASIC, BCRYPT, ARGON2.replace('argon2id', 'argon2i')),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is an unsupported or damaged hash: use argon2id or bcrypt; create one with `comfy-tenant hash`',
  ],
  [
    'a SHA-512 crypt hash',
    () => spoil(BASIC, BCRYPT, '$6$salt$abcdefgh'),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is an unsupported or damaged hash: use argon2id or bcrypt; create one with `comfy-tenant hash`',
  ],
  [
    'an apr1 hash in the list',
    () => spoil(BASIC, BCRYPT, '$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00'),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is an MD5 hash (apr1), which is quick to brute-force; create one with `comfy-tenant hash` (allowed only in a usersFile)',
  ],
  [
    'a {SHA} hash in the list',
    () => spoil(BASIC, BCRYPT, '{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE='),
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is an unsalted SHA-1 hash, which is quick to brute-force; create one with `comfy-tenant hash` (allowed only in a usersFile)',
  ],
  [
    'a user name with a colon',
    () => spoil(BASIC, 'alice', '"al:ice"'),
    'comfy-tenant.yaml:8:23 endpoints[0].auth.users[0].username: a user name must not contain a colon: RFC 7617 ends it at the first one',
  ],
  [
    'an empty user name',
    () => spoil(BASIC, 'alice', '""'),
    'comfy-tenant.yaml:8:23 endpoints[0].auth.users[0].username: the user name is empty',
  ],
  [
    'a user name with a line break',
    () => spoil(BASIC, 'alice', '"al\\nice"'),
    'comfy-tenant.yaml:8:23 endpoints[0].auth.users[0].username: a user name must not contain control characters (RFC 7617)',
  ],
  [
    'a user name that is too long as a user id',
    () => spoil(BASIC, 'alice', 'é'.repeat(34)),
    'comfy-tenant.yaml:8:23 endpoints[0].auth.users[0].username: gives a user id of over 200 bytes when percent-encoded: use a shorter name',
  ],
  [
    'a user who is there twice',
    () => `${BASIC}        - { username: alice, password: "${ARGON2}" }\n`,
    'comfy-tenant.yaml:9:23 endpoints[0].auth.users[1].username: alice duplicates users[0]: list each user only once',
  ],
  [
    'two users with one hash under policy funart',
    () =>
      spoil(BASIC, 'method: BASIC', 'method: BASIC\n      policy: funart').replace('alice', 'user-h30ua81') +
      `        - { username: user-h30ua82, password: "${BCRYPT}" }\n`,
    'comfy-tenant.yaml:10:47 endpoints[0].auth.users[1].password: duplicates the hash of users[0]: every user needs a different password',
  ],
  [
    'no users',
    () => spoil(BASIC, USERS, 'users: []\n'),
    'comfy-tenant.yaml:5:5 endpoints[0].auth: BASIC needs users or usersFile: `comfy-tenant user add` creates the first one',
  ],
  [
    'a short name under policy funart',
    () => spoil(BASIC, 'method: BASIC', 'method: BASIC\n      policy: funart'),
    'comfy-tenant.yaml:9:23 endpoints[0].auth.users[0].username: violates policy funart: 12 to 128 characters, a letter first, then letters, digits, - _ or .',
  ],
  [
    'an operator claim',
    () =>
      spoil(
        BASIC,
        'method: BASIC',
        'method: BASIC\n      operators: { claim: { name: role, value: admin } }',
      ),
    'comfy-tenant.yaml:7:20 endpoints[0].auth.operators.claim: BASIC has no claims: list the operators in users',
  ],
  [
    'an operator that is no user id',
    () => spoil(BASIC, 'method: BASIC', 'method: BASIC\n      operators: { users: ["alice smith"] }'),
    'comfy-tenant.yaml:7:28 endpoints[0].auth.operators.users[0]: must be a user id as ComfyUI sees it, percent-encoded, such as alice or corp~alice%2Fx',
  ],
  [
    'a missing users file',
    () => spoil(FILE, 'users.htpasswd', 'missing.htpasswd'),
    'comfy-tenant.yaml:7:18 endpoints[0].auth.usersFile: missing.htpasswd does not exist: create it with `comfy-tenant user add`',
  ],
  [
    'a users file that is a directory',
    () => spoil(FILE, 'users.htpasswd', '.'),
    'comfy-tenant.yaml:7:18 endpoints[0].auth.usersFile: . is a directory, not a file',
  ],
  [
    'a users file that is not UTF-8',
    () => withFile(FILE, Buffer.from([0x61, 0x0a, 0xff])),
    'users.htpasswd:2: is not UTF-8: save the file as UTF-8',
  ],
  [
    'a users file with faulty lines',
    () => withFile(FILE, `alice:hunter2\nbob\n:${BCRYPT}\ncarol:${BCRYPT}\ncarol:${ARGON2}\n`),
    'users.htpasswd:1: the password of alice is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
    'users.htpasswd:2: must be name:hash; `comfy-tenant user add` writes such a line',
    'users.htpasswd:3: the user name is empty',
    'users.htpasswd:5: carol is already on line 4: keep one',
  ],
  [
    'a users file with a user of the list',
    () =>
      withFile(
        spoil(BASIC, 'users:', 'usersFile: users.htpasswd\n      users:'),
        `# ours\nalice:${ARGON2}\n`,
      ),
    'users.htpasswd:2: alice is also users[0] in the configuration: list each user only once',
  ],
  [
    'a users file under policy funart',
    () =>
      withFile(
        spoil(FILE, 'method: BASIC', 'method: BASIC\n      policy: funart'),
        `user-h30ua81:${BCRYPT}\nbob:${ARGON2}\n`,
      ),
    'users.htpasswd:2: bob violates policy funart: 12 to 128 characters, a letter first, then letters, digits, - _ or .',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text()))).toEqual(faults);
  });
}

test('a file in another format is not reported line by line', () => {
  const faults = faultsOf(directory.load(withFile(FILE, 'x\n'.repeat(1000))));
  expect(faults).toHaveLength(11);
  expect(faults.at(-1)).toBe('users.htpasswd: 990 more lines like these');
});
