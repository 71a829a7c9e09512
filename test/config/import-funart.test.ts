import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importConfig } from '../../src/commands/import.ts';
import { importFunArt } from '../../src/import-funart/import-funart.ts';
import { verifyPassword } from '../../src/basic/verify-password.ts';
import { BCRYPT, configDirectory, faultsOf } from './config-file.ts';
import { run } from './run-command.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const EC = {
  kty: 'EC',
  kid: 'k1',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
const SECRET = { kty: 'oct', k: Buffer.alloc(32, 'secret').toString('base64url') };
const CHECKS =
  'FunArt checks neither iss nor aud: replace anyIssuer and anyAudience with issuer and audience, so that tokens issued for other services are rejected';
const options = { upstream: 'http://127.0.0.1:8188', hash: () => Promise.resolve(BCRYPT) };

/** Imports and checks that the result is a valid configuration. */
async function imported(input: unknown): Promise<{ config: unknown; remarks: readonly string[] }> {
  const { yaml = '', remarks } = await importFunArt(input, options);
  expect(faultsOf(directory.load(yaml))).toEqual([]);
  return { config: parse(yaml), remarks };
}

test('a custom domain with its settings as JSON in a string is imported field by field', async () => {
  const authInfo = JSON.stringify({
    jwks: { keys: [EC] },
    tokenLookup: 'header:Authorization:Bearer,cookie:comfy_token,query:token',
    claimPassBy: 'header:X-FunArt-Comfy-UserId:sub,query:uid:uid,cookie:mail:email',
    whitelist: ['/login/*', '/about'],
  });
  const { config, remarks } = await imported({
    domainName: 'comfy.example.com',
    authConfig: { authType: 'jwt', authInfo },
  });
  expect(remarks).toEqual([CHECKS]);
  expect(config).toEqual({
    endpoints: [
      {
        name: 'funart',
        domains: ['comfy.example.com'],
        upstream: 'http://127.0.0.1:8188',
        multiTenant: true,
        auth: {
          method: 'JWT',
          issuers: [{ anyIssuer: true, anyAudience: true, jwks: { keys: [EC] } }],
          tokenLookup: [
            { location: 'HEADER', name: 'Authorization', prefix: 'Bearer ' },
            { location: 'COOKIE', name: 'comfy_token' },
            { location: 'QUERY', name: 'token' },
          ],
          claimTransformations: [
            { location: 'HEADER', name: 'X-FunArt-Comfy-UserId', claim: 'sub' },
            { location: 'QUERY', name: 'uid', claim: 'uid' },
            { location: 'COOKIE', name: 'mail', claim: 'email' },
          ],
        },
        publicPaths: [{ path: '/login/*' }, { path: '/about' }],
      },
    ],
  });
});

test('bare settings and lists of objects are accepted too', async () => {
  const { config } = await imported({
    jwks: { keys: [EC] },
    tokenLookup: [{ position: 'header', name: 'X-Token', removePrefix: '' }],
    claimPassBy: [{ position: 'header', name: 'X-FunArt-Comfy-UserId', claim: 'user_id' }],
  });
  expect(config).toMatchObject({
    endpoints: [
      {
        auth: {
          tokenLookup: [{ location: 'HEADER', name: 'X-Token' }],
          claimTransformations: [{ location: 'HEADER', name: 'X-FunArt-Comfy-UserId', claim: 'user_id' }],
        },
      },
    ],
  });
});

test('settings that cannot be imported are reported', async () => {
  const { config, remarks } = await imported({
    jwks: JSON.stringify({ keys: [{ ...EC, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }, SECRET] }),
    tokenLookup: 'header:Authorization:Bearer,form:token',
    claimPassBy: 'form:uid:uid',
    blacklist: ['/api/*'],
    whitelist: ['/*'],
  });
  expect(remarks).toEqual([
    'jwks.keys[0] is a private key: only its public part is imported; treat the key as compromised and replace it',
    'jwks mixes shared secrets (kty oct) with public keys: the secrets are skipped, because one could be confused with the other',
    'tokenLookup form:token cannot be imported: tokens are read from headers, cookies and query parameters only',
    CHECKS,
    'claimPassBy form:uid cannot be imported: claims are forwarded in headers, cookies and query parameters only',
    'claimPassBy has no header:X-FunArt-Comfy-UserId: the isolation id comes from the claim sub; change it if FunArt used another',
    'blacklist /api/* cannot be imported: it makes every other path public, but here every path needs credentials; list public paths in publicPaths',
    'whitelist /* cannot be imported: it makes everything public',
  ]);
  expect(JSON.stringify(config)).not.toContain('jpsQnnGQ');
  expect(config).toMatchObject({ endpoints: [{ auth: { issuers: [{ jwks: { keys: [EC] } }] } }] });
});

test('shared secrets alone are imported with their algorithm', async () => {
  const { config, remarks } = await imported({ jwks: { keys: [{ ...SECRET, alg: 'HS256' }] } });
  expect(remarks[0]).toBe(
    'jwks contains shared secrets (HS*): anyone who can verify can also sign, so prefer public keys',
  );
  expect(config).toMatchObject({ endpoints: [{ auth: { issuers: [{ algorithms: ['HS256'] }] } }] });
});

test('a Basic user list is imported with hashed passwords', async () => {
  const path = join(directory.path, 'authConfig.json');
  const users = [{ username: 'user-h30ua81', password: 'Open-Sesame-1!' }];
  writeFileSync(path, JSON.stringify({ authConfig: { authType: 'basic', authInfo: { users } } }));
  const { code, out, err } = await run(importConfig, {
    cwd: directory.path,
    args: ['funart', 'authConfig.json'],
  });
  expect({ code, err }).toEqual({ code: 0, err: [] });
  expect(out.join()).not.toContain('Sesame');
  const loaded = directory.load(out.join('\n'));
  const auth = loaded.ok ? loaded.config.endpoints[0]?.auth : undefined;
  expect(faultsOf(loaded)).toEqual([]);
  const hash = auth?.method === 'BASIC' ? auth.users[0]?.password : undefined;
  expect(await verifyPassword('Open-Sesame-1!', hash ?? '')).toBe(true);
});

test.each([
  [
    'an anonymous domain',
    { authConfig: { authType: 'anonymous', authInfo: '{}' } },
    'authType anonymous has no users: there is nothing to import',
  ],
  [
    'settings without keys',
    { authInfo: 'not JSON' },
    'there are neither jwks with keys nor users: there is nothing to import',
  ],
  ['a list', [], 'there are neither jwks with keys nor users: there is nothing to import'],
  ['null', null, 'there are neither jwks with keys nor users: there is nothing to import'],
])('%s gives no configuration but a reason', async (_, input, remark) => {
  expect(await importFunArt(input, options)).toEqual({ yaml: undefined, remarks: [remark] });
});

test.each([
  [['funart', 'nothing.json'], 1, 'comfy-tenant import: nothing.json does not exist'],
  [['funart', 'broken.json'], 1, 'comfy-tenant import: broken.json is not JSON'],
  [['funart'], 64, 'comfy-tenant import: expected funart <authConfig.json>. See comfy-tenant import --help'],
  [
    ['higress', 'a.json'],
    64,
    'comfy-tenant import: expected funart <authConfig.json>. See comfy-tenant import --help',
  ],
])('import %j ends with the error', async (args, code, said) => {
  directory.write('broken.json', '{');
  expect(await run(importConfig, { cwd: directory.path, args })).toEqual({ code, out: [], err: [said] });
});
