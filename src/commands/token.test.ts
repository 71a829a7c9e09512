import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configDirectory, JWT, spoil, type ConfigDirectory } from '../../test/config/config-file.ts';
import { run, type Ran } from '../../test/config/run-command.ts';
import { token } from './token.ts';

const JWKS_URL = '{ url: https://login.example.com/jwks.json }';
const TRUSTING = spoil(JWT, JWKS_URL, '{ file: dev.jwks.json }');

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
});
afterEach(() => {
  directory.remove();
});

const call = (...args: string[]): Promise<Ran> => run(token, { cwd: directory.path, args });
const jwks = (): JSONWebKeySet =>
  JSON.parse(readFileSync(join(directory.path, 'dev.jwks.json'), 'utf8')) as JSONWebKeySet;

test('--init makes a key for its owner only and a JWKS without private members, and says what to configure', async () => {
  const { code, out } = await call('--init', 'dev.jwk');
  expect(code).toBe(0);
  expect(out).toEqual([
    'Created dev.jwk: anyone who can read it can be any user of the endpoints that trust it.',
    'Add this under auth.issuers of a JWT endpoint:',
    '  - issuer: comfy-tenant-development',
    '    audience: comfyui',
    '    jwks: { file: "dev.jwks.json" }',
    '    userIdPrefix: dev   # keeps its users separate from real ones',
  ]);
  expect(statSync(join(directory.path, 'dev.jwk')).mode & 0o777).toBe(0o600);
  expect(Object.keys(jwks().keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'x', 'y']);
});

test('the issuer that --init prints makes a configuration that is good', async () => {
  const { out } = await call('--init', 'dev.jwk');
  const issuer = out.slice(2).map((line) => `      ${line}\n`);
  const text = spoil(JWT, '      claimTransformations', `${issuer.join('')}      claimTransformations`);
  expect(directory.load(text)).toMatchObject({ ok: true, warnings: [] });
});

test('a token is good for the issuer, the audience and the claim of the configuration', async () => {
  await call('--init', 'dev.jwk');
  directory.write('comfy-tenant.yaml', spoil(TRUSTING, 'claim: sub', 'claim: login'));
  const { code, out, err } = await call('--user', 'alice', '--ttl', '90s');
  expect({ code, err }).toEqual({ code: 0, err: [] });
  const { payload } = await jwtVerify(out[0]!, createLocalJWKSet(jwks()), {
    issuer: 'https://login.example.com',
    audience: 'comfyui',
  });
  expect(payload['login']).toBe('alice');
  expect(payload.exp! - payload.iat!).toBe(90);
});

test('required claims and typ of the issuer are met', async () => {
  await call('--init', 'dev.jwk');
  const rules = 'requiredClaims: { email_verified: true }\n          typ: at+jwt\n          audience:';
  directory.write('comfy-tenant.yaml', spoil(TRUSTING, 'audience:', rules));
  const { out } = await call('--user', 'alice');
  expect(decodeJwt(out[0]!)['email_verified']).toBe(true);
  await jwtVerify(out[0]!, createLocalJWKSet(jwks()), { typ: 'at+jwt' });
});

test('a key that no issuer trusts signs nothing', async () => {
  await call('--init', 'dev.jwk');
  directory.write('comfy-tenant.yaml', JWT);
  expect(await call('--user', 'alice')).toEqual({
    code: 78,
    out: [],
    err: [
      'comfy-tenant token: no issuer in comfy-tenant.yaml uses jwks file dev.jwks.json: create a key with comfy-tenant token --init dev.jwk',
    ],
  });
});

test('--init leaves files that are there as they are', async () => {
  const file = directory.write('dev.jwks.json', '{}');
  expect(await call('--init', 'dev.jwk')).toEqual({
    code: 1,
    out: [],
    err: ['comfy-tenant token: dev.jwks.json already exists; choose another file name'],
  });
  expect(readFileSync(file, 'utf8')).toBe('{}');
});

test.each([
  [[], 'comfy-tenant token: expected --user <name> or --init <file>. See comfy-tenant token --help'],
  [
    ['--user', ''],
    'comfy-tenant token: expected --user <name> or --init <file>. See comfy-tenant token --help',
  ],
  [
    ['--user', 'a', '--init', 'b'],
    'comfy-tenant token: expected --user <name> or --init <file>. See comfy-tenant token --help',
  ],
  [['--user', 'a', '--ttl', '2d'], 'comfy-tenant token: --ttl must be between 1s and 24h'],
  [['--user', 'a', '--ttl', 'long'], 'comfy-tenant token: --ttl must be a duration, such as 30s, 10m or 1h'],
])('token %j is a mistake of usage', async (args, said) => {
  expect(await call(...args)).toEqual({ code: 64, out: [], err: [said] });
});
