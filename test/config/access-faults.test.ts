import { afterAll, expect, test } from 'vitest';
import { BASIC, basicWith, BCRYPT, configDirectory, faultsOf, lineOf } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

test.each([
  ['neither allow nor deny', '    rules: [{ why: x }]', /rules\[0\]: must have either allow or deny/],
  ['both', '    rules: [{ allow: /a, deny: /b }]', /rules\[0\]: must have either allow or deny/],
  [
    'a misspelt key',
    '    rules: [{ denny: /a }]',
    /rules\[0\]\.denny: is not a known key: did you mean deny\?/,
  ],
  ['an empty list', '    rules: [{ deny: [] }]', /must name at least one request/],
  [
    'a path without slash',
    '    rules: [{ deny: [/a, free] }]',
    /rules\[0\]\.deny\[1\]: a path starts with \/: did you mean \/free\?/,
  ],
  [
    'a misspelt method',
    '    rules: [{ deny: POSTT /free }]',
    /rules\[0\]\.deny: POSTT is not a method: did you mean POST\?/,
  ],
  [
    'an empty subject',
    '    rules: [{ deny: /a, to: {} }]',
    /rules\[0\]\.to: must name users, a claim or operators: true/,
  ],
  [
    'a misspelt user',
    '    rules: [{ deny: /a, to: { users: [alicee] } }]',
    /to\.users\[0\]: is not the user id of anyone in the user list: did you mean alice\?/,
  ],
  [
    'an unknown user',
    '    rules: [{ deny: /a, to: { users: [zacharias] } }]',
    /to\.users\[0\]: .*: add the user, or remove the id here/,
  ],
  [
    'a claim',
    '    rules: [{ deny: /a, to: { claim: { name: groups, value: x } } }]',
    /to\.claim: must be omitted: users of a BASIC endpoint have no claims/,
  ],
  [
    'two equal names',
    '    rules: [{ name: x, deny: /a }, { name: x, deny: /b }]',
    /rules\[1\]\.name: is already the name of rules\[0\]/,
  ],
  [
    'a why of two lines',
    '    rules: [{ deny: /a, why: "a\\nb" }]',
    /rules\[0\]\.why: must be 1 to 200 printable characters/,
  ],
  [
    'claims in a test',
    '    tests: [{ as: alice, claims: { a: b }, request: GET /, expect: allow }]',
    /tests\[0\]\.claims: must be omitted/,
  ],
  [
    'a test without path',
    '    tests: [{ as: alice, request: POST, expect: allow }]',
    /tests\[0\]\.request: must be a method and a path/,
  ],
  [
    'a test that expects something else',
    '    tests: [{ as: alice, request: GET /, expect: refuse }]',
    /tests\[0\]\.expect: must be allow or deny/,
  ],
  [
    'an origin with a path',
    '    allowedOrigins: ["https://a.example/"]',
    /allowedOrigins\[0\]: must be an origin/,
  ],
  [
    'an origin in capitals',
    '    allowedOrigins: ["https://A.example"]',
    /allowedOrigins\[0\]: must be an origin/,
  ],
  [
    'the default port',
    '    allowedOrigins: ["https://a.example:443"]',
    /allowedOrigins\[0\]: must be an origin/,
  ],
  ['any origin', '    allowedOrigins: ["*"]', /allowedOrigins\[0\]: must be an origin/],
  ['the origin null', '    allowedOrigins: ["null"]', /allowedOrigins\[0\]: must be an origin/],
  ['another scheme', '    allowedOrigins: ["ftp://a.example"]', /allowedOrigins\[0\]: must be an origin/],
])('%s is a fault', (_, lines, expected) => {
  const text = basicWith(lines);
  const faults = faultsOf(directory.load(text));
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(expected);
  expect(faults[0]).toMatch(new RegExp(`^comfy-tenant\\.yaml:${lineOf(text, lines.trim())}:[0-9]+ `));
});

test('operators need operators', () => {
  const text = `${BASIC}    rules: [{ allow: /a, to: { operators: true } }]\n`;
  expect(faultsOf(directory.load(text))).toEqual([
    expect.stringMatching(
      /rules\[0\]\.to\.operators: concerns no one: name the operators in auth\.operators/,
    ),
  ]);
});

test('a user of a users file who is gone is a warning: removing a user must not keep the previous configuration in use', () => {
  directory.write('users.htpasswd', `alice:${BCRYPT}\n`);
  const text = `${BASIC.replace(/ {6}users:\n.*\n/, '      usersFile: users.htpasswd\n')}    rules: [{ deny: /a, to: { users: [bob] } }]
    tests:
      - { as: bob, request: GET /a, expect: deny }
`;
  const loaded = directory.load(text);
  expect(faultsOf(loaded)).toEqual([]);
  expect(loaded.warnings).toEqual([
    expect.stringMatching(
      /:8:\d+ endpoints\[0\]\.rules\[0\]\.to\.users\[0\]: is not the user id of anyone in the user list/,
    ),
    expect.stringMatching(/:10:\d+ endpoints\[0\]\.tests\[0\]\.as: bob is not in the user list/),
  ]);
});

test('a user id with a prefix is proposed for a user name', () => {
  const text = `${BASIC.replace('      users:\n', '      userIdPrefix: corp\n      users:\n')}    rules: [{ deny: /a, to: { users: [alice] } }]\n`;
  expect(faultsOf(directory.load(text))[0]).toContain('did you mean corp~alice?');
});

test.each([
  [
    'the same',
    '[{ deny: /free }, { allow: POST /free, to: { users: [alice] } }]',
    /rules\[1\]: never decides: rule 1 already decides/,
  ],
  ['all', '[{ name: all, allow: /* }, { deny: /free }]', /rules\[1\]: never decides: rule 1 \(all\)/],
  [
    'several',
    '[{ deny: /a }, { deny: GET /b* }, { allow: [/a, HEAD /bc] }]',
    /rules\[2\]: never decides: rule 1 and rule 2/,
  ],
  ['the twin', '[{ deny: /api/free }, { allow: /free }]', /rules\[1\]: never decides/],
])('a rule that an earlier one covers is a warning: %s', (_, rules, expected) => {
  const loaded = directory.load(basicWith(`    rules: ${rules}`));
  expect(faultsOf(loaded)).toEqual([]);
  expect(loaded.warnings).toHaveLength(1);
  expect(loaded.warnings[0]).toMatch(expected);
});

test.each([
  '[{ deny: GET /a }, { deny: /a }]',
  '[{ deny: /a, to: { users: [bobby] } }, { deny: /a }]',
  '[{ deny: /a, to: { operators: true } }, { deny: /a, to: { users: [alice] } }]',
  '[{ deny: /a/* }, { deny: /a }]',
  '[{ deny: [/a, /b] }, { allow: [/a, /c] }]',
])('no warning where a later rule can decide: %s', (rules) => {
  expect(directory.load(basicWith(`    rules: ${rules}`)).warnings).toEqual([]);
});

test('an allowed file name with a plain slash is a warning', () => {
  const { warnings } = directory.load(
    basicWith('    rules: [{ allow: [/userdata/workflows/*, /userdata/*/move/*] }, { deny: /userdata/* }]'),
  );
  expect(warnings).toEqual([
    expect.stringMatching(/allow\[0\]: matches no file: .* Write \/userdata\/workflows%2F\*/),
  ]);
});
