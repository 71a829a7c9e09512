import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { jwksFileOf, makeDevelopmentKey, signDevelopmentToken } from './development-key.ts';

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
});
afterEach(() => {
  directory.remove();
});

const keyFile = (): string => join(directory.path, 'dev.jwk');
const NOW = 1_700_000_000_900;
const order = { claims: { sub: 'alice' }, typ: undefined, lifeSeconds: 60, now: NOW };

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

test.each([
  ['dev.jwk', 'dev.jwks.json'],
  ['a.jwk.bak', 'a.jwk.bak.jwks.json'],
  ['key', 'key.jwks.json'],
])('the JWKS of %s is %s', (file, jwks) => {
  expect(jwksFileOf(file)).toBe(jwks);
});

test('only its owner can read the private key, everyone the public one, and neither is ever replaced', async () => {
  await makeDevelopmentKey(keyFile());
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
  expect(statSync(jwksFileOf(keyFile())).mode & 0o777).toBe(0o644);
  const before = readFileSync(keyFile(), 'utf8');
  const { keys } = json(jwksFileOf(keyFile())) as { keys: Record<string, unknown>[] };
  expect(keys).toEqual([{ ...(json(keyFile()) as object), d: undefined }]);
  await expect(makeDevelopmentKey(keyFile())).rejects.toThrow(
    `${keyFile()} already exists; choose another file name`,
  );
  expect(readFileSync(keyFile(), 'utf8')).toBe(before);
});

test('no private key is left without its JWKS', async () => {
  directory.write('dev.jwks.json', '{}');
  await expect(makeDevelopmentKey(keyFile())).rejects.toThrow(`${jwksFileOf(keyFile())} already exists`);
  expect(existsSync(keyFile())).toBe(false);
});

test('a token begins now, ends after its life and names its key', async () => {
  await makeDevelopmentKey(keyFile());
  const token = await signDevelopmentToken({ ...order, keyFile: keyFile() });
  const jwks = json(jwksFileOf(keyFile())) as JSONWebKeySet;
  const options = { currentDate: new Date(NOW) };
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), options);
  expect(payload).toEqual({ sub: 'alice', iat: 1_700_000_000, exp: 1_700_000_060 });
  expect(protectedHeader).toEqual({ alg: 'ES256', kid: jwks.keys[0]?.kid });
});

test('a type is set if it is given, and a key without a name gets none', async () => {
  await makeDevelopmentKey(keyFile());
  const unnamed = directory.write(
    'unnamed.jwk',
    JSON.stringify({ ...(json(keyFile()) as object), kid: undefined }),
  );
  const token = await signDevelopmentToken({ ...order, keyFile: unnamed, typ: 'at+jwt' });
  const header = decodeProtectedHeader(token);
  expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt' });
  expect(Object.keys(header)).not.toContain('kid');
});
