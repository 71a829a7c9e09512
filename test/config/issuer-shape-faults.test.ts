import { afterAll, expect, test } from 'vitest';
import { JWT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const ISSUERS = JWT.slice(JWT.indexOf('issuers:'), JWT.indexOf('      claimTransformations'));

const CASES: readonly (readonly [sentence: string, text: string, ...faults: string[]])[] = [
  [
    'no issuers',
    spoil(JWT, ISSUERS, 'issuers: []\n'),
    'comfy-tenant.yaml:7:7 endpoints[0].auth.issuers: must name at least one issuer',
  ],
  [
    'keys from nowhere',
    spoil(JWT, 'jwks: { url: https://login.example.com/jwks.json }', 'jwks: {}'),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].jwks: must be one of { url }, { file }, { keys } or { discover: true }',
  ],
  [
    'keys from two places',
    spoil(JWT, 'jwks: { url:', 'jwks: { file: a.json, url:'),
    'comfy-tenant.yaml:10:19 endpoints[0].auth.issuers[0].jwks.file: is not a known key: known here: url, maxStale, cooldown, allowHttp',
  ],
  [
    'a URL of keys that is none',
    spoil(JWT, 'url: https://login.example.com/jwks.json', 'url: login'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].jwks.url: must be a URL, such as https://login.example.com/jwks.json',
  ],
  [
    'the algorithm none',
    spoil(JWT, 'audience: comfyui', 'audience: comfyui\n          algorithms: [none]'),
    'comfy-tenant.yaml:10:24 endpoints[0].auth.issuers[0].algorithms[0]: must be an algorithm such as RS256, PS256, ES256, EdDSA or HS256; none is never accepted',
  ],
  [
    'no algorithm',
    spoil(JWT, 'audience: comfyui', 'audience: comfyui\n          algorithms: []'),
    'comfy-tenant.yaml:10:11 endpoints[0].auth.issuers[0].algorithms: must name at least one algorithm',
  ],
  [
    'a clock tolerance of an hour',
    spoil(JWT, 'audience: comfyui', 'audience: comfyui\n          clockTolerance: 1h'),
    'comfy-tenant.yaml:10:27 endpoints[0].auth.issuers[0].clockTolerance: must be between 0s and 10m',
  ],
  [
    'an audience that is a number',
    spoil(JWT, 'audience: comfyui', 'audience: 7'),
    'comfy-tenant.yaml:9:21 endpoints[0].auth.issuers[0].audience: must be an audience or a list of them',
  ],
  [
    'anyIssuer that is false',
    spoil(JWT, 'issuer: https://login.example.com', 'anyIssuer: false'),
    'comfy-tenant.yaml:8:22 endpoints[0].auth.issuers[0].anyIssuer: must be true',
  ],
  [
    'a place that is none',
    spoil(JWT, 'location: HEADER', 'location: header'),
    'comfy-tenant.yaml:12:23 endpoints[0].auth.claimTransformations[0].location: must be HEADER, COOKIE or QUERY',
  ],
  [
    'a claim without a name',
    spoil(JWT, 'claim: sub', 'claim: ""'),
    'comfy-tenant.yaml:12:67 endpoints[0].auth.claimTransformations[0].claim: must name a claim, such as sub or profile.email',
  ],
  [
    'an empty token lookup',
    spoil(JWT, 'claimTransformations:', 'tokenLookup: []\n      claimTransformations:'),
    'comfy-tenant.yaml:11:7 endpoints[0].auth.tokenLookup: must name at least one location',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text))).toEqual(faults);
  });
}
