import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { formatSigningKeys, makeSigningKey } from './ed25519-keys.ts';
import { rotateTokenKeys } from './rotate-keys.ts';
import { loadTokenKeys, readTokenKeys, readVerifyKeys } from './token-key.ts';

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
});
afterEach(() => {
  directory.remove();
});

const [KEY, OTHER] = [makeSigningKey(), makeSigningKey()];
const SHARED = Buffer.alloc(32, 7).toString('base64url');

function jwk(changes: object = {}): object {
  const { d } = KEY.privateKey.export({ format: 'jwk' });
  return { ...KEY.publicJwk, d, ...changes };
}

test('a missing file is created once, and nothing else is left next to it', () => {
  const file = join(directory.path, 'new', 'token.key');
  expect(readTokenKeys(file)).toBeUndefined();
  const made = loadTokenKeys(file);
  expect(made.kind).toBe('ed25519');
  expect(made.fingerprint).toMatch(/^[\w-]{8}$/);
  expect(loadTokenKeys(file).fingerprint).toBe(made.fingerprint);
  expect(readdirSync(join(directory.path, 'new'))).toEqual(['token.key']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('the first key signs, and all are published', () => {
  const file = directory.write('token.key', formatSigningKeys([KEY, OTHER]));
  const keys = loadTokenKeys(file);
  expect(keys.kind === 'ed25519' && keys.all.map(({ kid }) => kid)).toEqual([KEY.kid, OTHER.kid]);
  expect(keys.fingerprint).toBe(KEY.kid.slice(0, 8));
});

test('the fingerprint is the thumbprint of RFC 8037', () => {
  // Appendix A.1 and A.3.
  const [x, d] = [
    '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  ];
  const file = directory.write('k', JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x, d }] }));
  expect(loadTokenKeys(file).fingerprint).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k'.slice(0, 8));
});

test('a key of 0.1 is recognized by the content of the file', () => {
  const file = directory.write('token.key', `${SHARED}\n`);
  expect(loadTokenKeys(file)).toMatchObject({ kind: 'shared', fingerprint: '4bb06f8e' });
});

test.each<[string, string, RegExp]>([
  ['nothing', '', /: is empty/],
  ['no JSON', '{', /: is not valid JSON/],
  ['null', 'null', /:1: must be a JWKS of Ed25519 private keys/],
  ['a key with a number for x', JSON.stringify({ keys: [jwk({ x: 7 })] }), /must be an Ed25519 key/],
  ['a shared key in another alphabet', `${SHARED}!${SHARED}`, /:1: must be a JWKS/],
  ['a shared key after something else', `!${SHARED}`, /:1: must be a JWKS/],
  ['a shared key before something else', `${SHARED} x`, /:1: must be a JWKS/],
  ['a shared key of 31 bytes', Buffer.alloc(31, 7).toString('base64url'), /at least 32 bytes/],
  ['no list', '{"keys": {}}', /: must be a JWKS/],
  ['no key', '{"keys": []}', /: contains no key/],
  ['text', '{"keys": ["x"]}', /keys\[0\]: must be an Ed25519 key/],
  ['nothing in place of a key', '{"keys": [null]}', /keys\[0\]: must be an Ed25519 key/],
  ['another kind of key', JSON.stringify({ keys: [jwk({ crv: 'X25519' })] }), /must be an Ed25519 key/],
  [
    'the public file',
    JSON.stringify({ audience: 'a', keys: [KEY.publicJwk] }),
    /: is a public key: use the private key file/,
  ],
  ['a broken key', JSON.stringify({ keys: [jwk({ d: 'AAAA' })] }), /is not a valid Ed25519 private key/],
  ['parts of two keys', JSON.stringify({ keys: [jwk({ x: OTHER.publicJwk.x })] }), /x does not belong to d/],
  [
    'a short shared key',
    'c2hvcnQ',
    /:1: must be a JWKS of Ed25519 private keys, or a key of comfy-tenant 0\.1/,
  ],
])('%s is refused, with the place and without the key', (_, text, message) => {
  const file = directory.write('token.key', text);
  expect(() => loadTokenKeys(file)).toThrow(message);
  const { d = '' } = KEY.privateKey.export({ format: 'jwk' });
  expect(() => loadTokenKeys(file)).not.toThrow(d);
});

test('a folder in place of the file is an error, not a missing file', () => {
  mkdirSync(join(directory.path, 'token.key'));
  expect(() => loadTokenKeys(join(directory.path, 'token.key'))).toThrow('EISDIR');
});

test('a rotation puts a new key first, keeps the one that signed and drops earlier ones', () => {
  const file = directory.write('token.key', formatSigningKeys([KEY, OTHER]));
  const keys = rotateTokenKeys(file, [KEY, OTHER]);
  expect(keys.all.slice(1).map(({ kid }) => kid)).toEqual([KEY.kid]);
  expect([KEY.kid, OTHER.kid]).not.toContain(keys.signing.kid);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain(OTHER.publicJwk.x);
});

test('a key file may begin with space, and a line of it end with some', () => {
  expect(loadTokenKeys(directory.write('a', `\n  ${formatSigningKeys([KEY])}`)).kind).toBe('ed25519');
  const keys = loadTokenKeys(directory.write('b', `  ${SHARED}\t\r\n\n`));
  expect(keys.kind === 'shared' && Buffer.from(keys.signing)).toEqual(Buffer.alloc(32, 7));
});

test('a missing verify key is not created by reading it', () => {
  expect(readVerifyKeys(join(directory.path, 'none.key'))).toBeUndefined();
  const file = directory.write('verify.key', formatSigningKeys([KEY]));
  expect(readVerifyKeys(file)?.map(({ kid }) => kid)).toEqual([KEY.kid]);
});

test('a rotation without an earlier key makes one, and restricts the file to its owner', () => {
  const file = directory.write('token.key', formatSigningKeys([KEY]));
  chmodSync(file, 0o644);
  const keys = rotateTokenKeys(file, []);
  expect(keys.all).toHaveLength(1);
  expect(keys.signing.kid).not.toBe(KEY.kid);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});
