import { afterAll, expect, test } from 'vitest';
import { JWT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const LINE = 'jwks: { url: https://login.example.com/jwks.json }';
const also = (line: string): string =>
  spoil(JWT, 'audience: comfyui', `audience: comfyui\n          ${line}`);
const RSA = {
  kty: 'RSA',
  e: 'AQAB',
  n: 'u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u-qKhbwKfBstIs-bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyehkd3qqGElvW_VDL5AaWTg0nLVkjRo9z-40RQzuVaE8AkAFmxZzow3x-VJYKdjykkJ0iT9wCS0DRTXu269V264Vf_3jvredZiKRkgwlL9xNAwxXFg0x_XFw005UWVRIkdgcKWTjpBP2dPwVZ4WWC-9aGVd-Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbcmw',
};

const CASES: readonly (readonly [sentence: string, text: () => string, ...faults: string[]])[] = [
  [
    'no issuer',
    () => spoil(JWT, 'issuer: https://login.example.com\n          ', ''),
    'comfy-tenant.yaml:8:11 endpoints[0].auth.issuers[0]: issuer is missing: give the value of the iss claim, or set anyIssuer: true',
  ],
  [
    'an issuer, and any issuer',
    () => also('anyIssuer: true'),
    'comfy-tenant.yaml:10:22 endpoints[0].auth.issuers[0].anyIssuer: conflicts with issuer: keep one of the two',
  ],
  [
    'no audience',
    () => spoil(JWT, '          audience: comfyui\n', ''),
    'comfy-tenant.yaml:8:11 endpoints[0].auth.issuers[0]: audience is missing: give the value of the aud claim, or set anyAudience: true',
  ],
  [
    'an audience, and any audience',
    () => also('anyAudience: true'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].anyAudience: conflicts with audience: keep one of the two',
  ],
  [
    'our own name as issuer',
    () => spoil(JWT, 'issuer: https://login.example.com', 'issuer: comfy-tenant'),
    'comfy-tenant.yaml:8:19 endpoints[0].auth.issuers[0].issuer: must not be comfy-tenant: this service signs its own tokens under that name',
  ],
  [
    'an issuer that is there twice',
    () =>
      spoil(
        JWT,
        '      claimTransformations',
        '        - { issuer: "https://login.example.com", anyAudience: true, jwks: { url: "https://b.example.com/" } }\n      claimTransformations',
      ),
    'comfy-tenant.yaml:11:11 endpoints[0].auth.issuers[1]: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
    'comfy-tenant.yaml:11:21 endpoints[0].auth.issuers[1].issuer: duplicates issuers[0]: list each issuer only once per endpoint',
  ],
  [
    'two issuers that take any',
    () =>
      spoil(JWT, 'issuer: https://login.example.com', 'anyIssuer: true').replace(
        '      claimTransformations',
        '        - { anyIssuer: true, anyAudience: true, userIdPrefix: b, jwks: { url: "https://b.example.com/" } }\n      claimTransformations',
      ),
    'comfy-tenant.yaml:11:24 endpoints[0].auth.issuers[1].anyIssuer: issuers[0] already accepts any issuer: only one can',
  ],
  [
    'keys over http',
    () => spoil(JWT, 'url: https:', 'url: http:'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must be https; for a test or a closed network set allowHttp: true',
  ],
  [
    'keys from a file URL',
    () => spoil(JWT, 'url: https:', 'url: file:'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must be an https URL, such as https://login.example.com',
  ],
  [
    'keys from a cloud metadata address',
    () => spoil(JWT, 'https://login.example.com/jwks.json', 'https://169.254.169.254/latest'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must not be a link-local or other metadata address: keys are never fetched from there',
  ],
  [
    'keys from a link-local IPv6 address',
    () => spoil(JWT, 'https://login.example.com/jwks.json', '"https://[fe80::1]/keys"'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must not be a link-local or other metadata address: keys are never fetched from there',
  ],
  [
    'keys from a mapped link-local address',
    () => spoil(JWT, 'https://login.example.com/jwks.json', '"https://[::ffff:169.254.169.254]/keys"'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must not be a link-local or other metadata address: keys are never fetched from there',
  ],
  [
    'keys from a URL with a password',
    () => spoil(JWT, 'https://login.example.com/jwks.json', 'https://me:secret@login.example.com/'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must not contain a user name or password',
  ],
  [
    'discovery without an issuer',
    () =>
      spoil(JWT, 'issuer: https://login.example.com', 'anyIssuer: true').replace(
        LINE,
        'jwks: { discover: true }',
      ),
    'comfy-tenant.yaml:10:29 endpoints[0].auth.issuers[0].jwks.discover: needs issuer: keys are discovered at that URL',
  ],
  [
    'discovery over http',
    () => spoil(JWT, 'issuer: https:', 'issuer: http:').replace(LINE, 'jwks: { discover: true }'),
    'comfy-tenant.yaml:8:19 endpoints[0].auth.issuers[0].issuer: must be https; for a test or a closed network set allowHttp: true; keys are discovered there',
  ],
  [
    'discovery at a name that is no URL',
    () =>
      spoil(JWT, 'issuer: https://login.example.com', 'issuer: login').replace(
        LINE,
        'jwks: { discover: true }',
      ),
    'comfy-tenant.yaml:8:19 endpoints[0].auth.issuers[0].issuer: must be an https URL, such as https://login.example.com; keys are discovered there',
  ],
  [
    'shared secrets from a URL',
    () => also('algorithms: [HS256]'),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].algorithms: must not contain HS*: shared secrets are never fetched, put them into jwks file or keys',
  ],
  [
    'shared secrets mixed with public keys',
    () => also('algorithms: [HS256, RS256]').replace(LINE, `jwks: { keys: [${JSON.stringify(RSA)}] }`),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].algorithms: must not mix HS* with public-key algorithms: split it into two issuers, or remove one kind',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text()))).toEqual(faults);
  });
}
