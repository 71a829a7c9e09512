import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { BASIC, BCRYPT, configDirectory, faultsOf, spoil, type ConfigDirectory } from './config-file.ts';

let directory: ConfigDirectory;
beforeAll(() => {
  directory = configDirectory();
});
afterAll(() => {
  directory.remove();
});

const CASES: readonly (readonly [sentence: string, text: string | Uint8Array, ...faults: string[]])[] = [
  [
    'an empty file',
    '# nothing but a comment\n',
    'comfy-tenant.yaml:1:1: is empty: it must have endpoints; `comfy-tenant init` writes an example',
  ],
  ['a list instead of keys', '- a\n', 'comfy-tenant.yaml:1:1: must be a mapping of keys to values'],
  [
    'bytes that are not UTF-8',
    Buffer.concat([Buffer.from('# one\n# '), Buffer.from([0xff, 0xfe]), Buffer.from('\n')]),
    'comfy-tenant.yaml:2:1: is not UTF-8: save the file as UTF-8',
  ],
  [
    'a key that is there twice',
    `${BASIC}sameUsers: true\nsameUsers: false\n`,
    'comfy-tenant.yaml:10:1: duplicate key: keep one',
  ],
  [
    'a tab as indent',
    'endpoints:\n\t- name: a\n',
    'comfy-tenant.yaml:2:1: a tab is used for indentation: use spaces',
  ],
  [
    'a second document',
    `${BASIC}---\nsameUsers: true\n`,
    'comfy-tenant.yaml:9:1: a second document starts here: the file must contain only one; remove the ---',
  ],
  [
    'an alias without an anchor',
    'endpoints: *other\n',
    'comfy-tenant.yaml:1:12: this alias refers to an anchor that is not defined before it',
  ],
  [
    'a tag of another program',
    'endpoints: !!js/function "x"\n',
    'comfy-tenant.yaml:1:12: unknown tag: remove it',
  ],
  [
    'aliases that unfold to thousands',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(20)}]\nc: &c [${'*b,'.repeat(20)}]\nendpoints: [*c]\n`,
    'comfy-tenant.yaml:1:1: aliases expand to more than 100 copies: write the values out',
  ],
  [
    'an open bracket',
    'endpoints: [\n',
    'comfy-tenant.yaml:2:1: is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  [
    'a variable that the environment does not have',
    spoil(BASIC, BCRYPT, '${ALICE_HASH}'),
    'comfy-tenant.yaml:8:40: environment variable ALICE_HASH is not set: set it, or write $${ALICE_HASH} for the literal text',
  ],
  [
    'a file of over 4 MiB',
    `${BASIC}#${'x'.repeat(4 * 1024 * 1024)}`,
    'comfy-tenant.yaml: is larger than 4 MiB',
  ],
];

test.each(CASES)('%s is an error with its position', (_, text, ...faults) => {
  expect(faultsOf(directory.load(text))).toEqual(faults);
});

test('a missing file is an error that says how to create one', () => {
  expect(faultsOf(loadConfig('/nowhere/comfy-tenant.yaml', {}))).toEqual([
    '/nowhere/comfy-tenant.yaml: does not exist: pass its path with --config, or create one with `comfy-tenant init`',
  ]);
});

test('a directory is an error', () => {
  const path = join(directory.path, 'folder');
  mkdirSync(path);
  expect(faultsOf(loadConfig(path, {}))).toEqual([`${path}: is a directory, not a file`]);
});

test('a file without read permission is an error', () => {
  const path = directory.write('secret.yaml', BASIC);
  chmodSync(path, 0);
  // Root can read everything, so drop to user nobody for this call.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    expect(faultsOf(loadConfig(path, {}))).toEqual([
      `${path}: cannot be read by this user: check its owner and mode`,
    ]);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test('a variable is substituted, and $${…} is the escape', () => {
  const text = spoil(BASIC, 'method: BASIC', 'method: BASIC\n      realm: "${STUDIO} $${STUDIO}"');
  const loaded = directory.load(text, { STUDIO: 'Studio' });
  expect(loaded.ok ? loaded.config.endpoints[0]?.auth.realm : loaded.faults).toBe('Studio ${STUDIO}');
});

test('the value of a variable is never shown', () => {
  const loaded = directory.load(spoil(BASIC, BCRYPT, '${ALICE}'), { ALICE: 'open sesame' });
  expect(faultsOf(loaded)).toEqual([
    'comfy-tenant.yaml:8:40 endpoints[0].auth.users[0].password: is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
  ]);
});

test('a byte order mark, CRLF and a plain alias are accepted', () => {
  const text = `\uFEFF${BASIC}gateway: { listen: &here 127.0.0.1:9100 }\n`.replaceAll('\n', '\r\n');
  expect(faultsOf(directory.load(text))).toEqual([]);
});

test('all errors are reported at once, in file order', () => {
  const text = `
endpoints:
  - name: Studio
    upstrem: http://127.0.0.1:8188
    multiTenant: maybe
    auth: { method: BASIC, users: [] }
  - name: b
    domain: [b.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [{ username: bob, password: hunter2 }] }
admn: { listen: 127.0.0.1:1 }
`;
  expect(faultsOf(directory.load(text))).toEqual([
    'comfy-tenant.yaml:3:11 endpoints[0].name: must be 1 to 40 of a-z, 0-9 and -, such as studio',
    'comfy-tenant.yaml:4:5 endpoints[0].upstrem: is not a known key: did you mean upstream?',
    'comfy-tenant.yaml:5:18 endpoints[0].multiTenant: must be true or false',
    'comfy-tenant.yaml:6:5 endpoints[0].auth: BASIC needs users or usersFile: `comfy-tenant user add` creates the first one',
    'comfy-tenant.yaml:8:5 endpoints[1].domain: is not a known key: did you mean domains?',
    'comfy-tenant.yaml:11:5 endpoints[1].auth: shares 127.0.0.1:8188 with endpoint unnamed-1, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
    'comfy-tenant.yaml:11:63 endpoints[1].auth.users[0].password: is not a password hash, and plain-text passwords are not accepted; create one with `comfy-tenant hash`',
    'comfy-tenant.yaml:12:1 admn: is not a known key: did you mean admin?',
  ]);
});

test('a key __proto__ is an ordinary key', () => {
  expect(faultsOf(directory.load(`${BASIC}__proto__: { sameUsers: true }\n`))).toEqual([
    'comfy-tenant.yaml:9:1 __proto__: is not a known key: known here: endpoints, sameUsers, comfyui, gateway, service, session, portal, revocation, accessTokens, admin, console, audit, log',
  ]);
});

test('a key can neither imitate our messages nor move the cursor of a terminal', () => {
  expect(faultsOf(directory.load(`${BASIC}"good\\n\\e[2J\u2028": 1\n`))).toEqual([
    'comfy-tenant.yaml:9:1 "good\\n\\u001b[2J\\u2028": is not a known key: known here: endpoints, sameUsers, comfyui, gateway, service, session, portal, revocation, accessTokens, admin, console, audit, log',
  ]);
});
