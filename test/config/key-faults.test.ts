import { generateKeyPairSync } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { JWT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const LINE = 'jwks: { url: https://login.example.com/jwks.json }';
const withKeys = (...keys: object[]): string => spoil(JWT, LINE, `jwks: { keys: ${JSON.stringify(keys)} }`);
const withFile = (content: string): string => {
  directory.write('jwks.json', content);
  return spoil(JWT, LINE, 'jwks: { file: jwks.json }');
};
const also = (line: string): string =>
  spoil(JWT, 'audience: comfyui', `audience: comfyui\n          ${line}`);
const RSA = {
  kty: 'RSA',
  e: 'AQAB',
  n: 'u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u-qKhbwKfBstIs-bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyehkd3qqGElvW_VDL5AaWTg0nLVkjRo9z-40RQzuVaE8AkAFmxZzow3x-VJYKdjykkJ0iT9wCS0DRTXu269V264Vf_3jvredZiKRkgwlL9xNAwxXFg0x_XFw005UWVRIkdgcKWTjpBP2dPwVZ4WWC-9aGVd-Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbcmw',
};
const SECRET = { kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' };
const EC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};
const CASES: readonly (readonly [sentence: string, text: () => string, ...faults: string[]])[] = [
  [
    'a shared secret without an algorithm',
    () => withKeys(SECRET),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] is a shared secret (kty oct): add HS256, HS384 or HS512 to algorithms if that is intended',
  ],
  [
    'a shared secret that is short',
    () => also('algorithms: [HS512]').replace(LINE, `jwks: { keys: [${JSON.stringify(SECRET)}] }`),
    'comfy-tenant.yaml:11:11 endpoints[0].auth.issuers[0].jwks: has no key for the algorithms of this issuer: keys[0] is too short or of an unknown type',
  ],
  [
    'a private key',
    () => withKeys({ ...EC, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] is a private key: anyone who can read it could sign tokens; keep the public part only (without d, p, q, dp, dq, qi)',
  ],
  [
    'a weak RSA key',
    () => withKeys(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] is too weak: an RSA key of 1024 bits, at least 2048 are required',
  ],
  [
    'a key that is damaged',
    () => withKeys({ ...EC, y: 'x' }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] is not a valid key: kty must be RSA, EC or OKP with the members of RFC 7518',
  ],
  [
    'a key of no kind',
    () => withKeys({ kid: 'a' }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] is not a key: it must have kty',
  ],
  [
    'a kid that is a number',
    () => withKeys({ ...EC, kid: 1 }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: keys[0] has a kid that is not text',
  ],
  [
    'two keys without kid',
    () => withKeys(EC, RSA),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: has 2 keys without kid: only one may omit it, give the others a kid',
  ],
  [
    'two keys of one kid',
    () => withKeys({ ...EC, kid: 'a' }, { ...EC, kid: 'a' }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: has two keys with kid a (EC): every key needs a different kid',
  ],
  [
    'only a key for encryption',
    () => withKeys({ ...EC, use: 'enc' }),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: has no key for the algorithms of this issuer: keys[0] is not for signatures (use, key_ops)',
  ],
  [
    'no key for the algorithms',
    () => also('algorithms: [RS256]').replace(LINE, `jwks: { keys: [${JSON.stringify(EC)}] }`),
    'comfy-tenant.yaml:11:11 endpoints[0].auth.issuers[0].jwks: has no key for the algorithms of this issuer: keys[0] matches none of the algorithms',
  ],
  [
    'an empty list of keys',
    () => withKeys(),
    'comfy-tenant.yaml:10:19 endpoints[0].auth.issuers[0].jwks.keys: must contain at least one JWK',
  ],
  [
    'a missing JWKS file',
    () => spoil(JWT, LINE, 'jwks: { file: nothing.json }'),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: nothing.json does not exist',
  ],
  [
    'a JWKS file that is not JSON',
    () => withFile('{"keys": ['),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json is not JSON: it must be a JWKS, {"keys": […]} (RFC 7517)',
  ],
  [
    'a certificate instead of a JWKS file',
    () => withFile('-----BEGIN CERTIFICATE-----\n'),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json is PEM, not a JWKS: convert the key or certificate to {"keys": […]} (RFC 7517)',
  ],
  [
    'a JWKS file without keys',
    () => withFile('{"kty":"EC"}'),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json is not a JWKS: it must have a list "keys" with at least one key',
  ],
  [
    'a JWKS file with null',
    () => withFile('null'),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json is not a JWKS: it must have a list "keys" with at least one key',
  ],
  [
    'a JWKS file with a private key',
    () => withFile(JSON.stringify({ keys: [{ ...EC, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' }] })),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json keys[0] is a private key: anyone who can read it could sign tokens; keep the public part only (without d, p, q, dp, dq, qi)',
  ],
  [
    'a JWKS file with hostile members',
    () => withFile('{"keys": [{"__proto__": {"kty": "EC"}}, 7, [], null]}'),
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json keys[0] is not a key: it must have kty',
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json keys[1] is not a key: it must have kty',
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json keys[2] is not a key: it must have kty',
    'comfy-tenant.yaml:10:25 endpoints[0].auth.issuers[0].jwks.file: jwks.json keys[3] is not a key: it must have kty',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text()))).toEqual(faults);
  });
}
