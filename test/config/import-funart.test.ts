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
  'FunArt checks neither iss nor aud: set issuer and audience in place of anyIssuer and anyAudience, so that tokens made for others are refused';
const options = { upstream: 'http://127.0.0.1:8188', hash: () => Promise.resolve(BCRYPT) };

/** Imports, and makes sure that what comes out is a good configuration. */
async function imported(input: unknown): Promise<{ config: unknown; remarks: readonly string[] }> {
  const { yaml = '', remarks } = await importFunArt(input, options);
  expect(faultsOf(directory.load(yaml))).toEqual([]);
  return { config: parse(yaml), remarks };
}

test('a custom domain with its settings as JSON in a string is carried over field by field', async () => {
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

test('the bare settings and lists of objects are understood too', async () => {
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

test('what cannot be carried over is named', async () => {
  const { config, remarks } = await imported({
    jwks: JSON.stringify({ keys: [{ ...EC, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }, SECRET] }),
    tokenLookup: 'header:Authorization:Bearer,form:token',
    claimPassBy: 'form:uid:uid',
    blacklist: ['/api/*'],
    whitelist: ['/*'],
  });
  expect(remarks).toEqual([
    'jwks.keys[0] is a private key: only its public part is carried over; treat the key as known to others and replace it',
    'jwks mixes shared secrets (kty oct) with public keys: the secrets are left out, as one could be taken for the other',
    'tokenLookup form:token cannot be carried over: a token is looked for in header, cookie and query only',
    CHECKS,
    'claimPassBy form:uid cannot be carried over: a claim is passed on in header, cookie and query only',
    'claimPassBy has no header:X-FunArt-Comfy-UserId: the isolation id is taken from the claim sub; change it if FunArt took another',
    'blacklist /api/* cannot be carried over: it opens every other path, here every path needs credentials; name what must be open in publicPaths',
    'whitelist /* cannot be carried over: it opens everything',
  ]);
  expect(JSON.stringify(config)).not.toContain('jpsQnnGQ');
  expect(config).toMatchObject({ endpoints: [{ auth: { issuers: [{ jwks: { keys: [EC] } }] } }] });
});

test('shared secrets alone come with their algorithm named', async () => {
  const { config, remarks } = await imported({ jwks: { keys: [{ ...SECRET, alg: 'HS256' }] } });
  expect(remarks[0]).toBe(
    'jwks holds shared secrets (HS*): whoever verifies can also sign, so public keys are better',
  );
  expect(config).toMatchObject({ endpoints: [{ auth: { issuers: [{ algorithms: ['HS256'] }] } }] });
});

test('a Basic user list comes with its passwords hashed', async () => {
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
    'authType anonymous has no users: there is nothing to carry over',
  ],
  [
    'settings without keys',
    { authInfo: 'not JSON' },
    'there is neither jwks with keys nor a list of users: nothing can be carried over',
  ],
  ['a list', [], 'there is neither jwks with keys nor a list of users: nothing can be carried over'],
  ['null', null, 'there is neither jwks with keys nor a list of users: nothing can be carried over'],
])('%s gives no configuration and says why', async (_, input, remark) => {
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
])('import %j ends with what was wrong', async (args, code, said) => {
  directory.write('broken.json', '{');
  expect(await run(importConfig, { cwd: directory.path, args })).toEqual({ code, out: [], err: [said] });
});
