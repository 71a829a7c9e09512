import { afterAll, expect, test } from 'vitest';
import { JWT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const lookup = (place: string): string =>
  spoil(
    JWT,
    '      claimTransformations',
    `      tokenLookup:\n        - ${place}\n      claimTransformations`,
  );
const claim = (place: string): string => `${JWT}        - { ${place}, claim: email }\n`;
const CASES: readonly (readonly [sentence: string, text: () => string, ...faults: string[]])[] = [
  [
    'no line for the isolation id',
    () => spoil(JWT, 'X-FunArt-Comfy-UserId', 'X-User'),
    'comfy-tenant.yaml:11:7 endpoints[0].auth.claimTransformations: must have exactly one entry for the isolation id, such as { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }; it has 0',
  ],
  [
    'two lines for the isolation id',
    () => claim('location: HEADER, name: x-funart-comfy-userid'),
    'comfy-tenant.yaml:11:7 endpoints[0].auth.claimTransformations: must have exactly one entry for the isolation id, such as { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }; it has 2',
  ],
  [
    'the isolation id as a query parameter only',
    () => spoil(JWT, 'location: HEADER', 'location: QUERY'),
    'comfy-tenant.yaml:11:7 endpoints[0].auth.claimTransformations: must have exactly one entry for the isolation id, such as { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }; it has 0',
  ],
  [
    `a claim in the gateway's own header`,
    () => claim('location: HEADER, name: X-FunArt-Comfy-Token'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in Host',
    () => claim('location: HEADER, name: Host'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in Content-Length',
    () => claim('location: HEADER, name: content-length'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in Transfer-Encoding',
    () => claim('location: HEADER, name: Transfer-Encoding'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in a header of Envoy',
    () => claim('location: HEADER, name: x-envoy-original-path'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in X-Forwarded-For',
    () => claim('location: HEADER, name: X-Forwarded-For'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a claim in Authorization',
    () => claim('location: HEADER, name: Authorization'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: must not be Authorization: credentials never reach ComfyUI',
  ],
  [
    'a claim in the header Cookie',
    () => claim('location: HEADER, name: Cookie'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: must not be the Cookie header: use location: COOKIE and the name of the cookie',
  ],
  [
    'a claim in a pseudo header',
    () => claim('location: HEADER, name: ":path"'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is not a valid header name: use letters, digits and - only',
  ],
  [
    'a claim in a header with an underscore',
    () => claim('location: HEADER, name: X_User'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: must not contain _: servers treat it as -, and Envoy rejects it',
  ],
  [
    'a claim in a header with a space',
    () => claim('location: HEADER, name: "X User"'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is not a valid header name: use letters, digits and - only',
  ],
  [
    'a claim in a cookie that is none',
    () => claim('location: COOKIE, name: "a;b"'),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.claimTransformations[1].name: is not a valid cookie name (RFC 6265): no spaces, quotes, commas, = or ;',
  ],
  [
    'a claim in a query parameter that is none',
    () => claim('location: QUERY, name: "a&b"'),
    'comfy-tenant.yaml:13:36 endpoints[0].auth.claimTransformations[1].name: is not a plain query parameter: use letters, digits, . _ ~ and - only',
  ],
  [
    'two claims in one place',
    () =>
      claim('location: HEADER, name: X-Email') +
      '        - { location: HEADER, name: x-email, claim: mail }\n',
    'comfy-tenant.yaml:14:37 endpoints[0].auth.claimTransformations[2].name: x-email is already set: list each location only once',
  ],
  [
    'a claim where the token is looked for',
    () =>
      claim('location: COOKIE, name: token').replace(
        '      claimTransformations',
        '      tokenLookup: [{ location: COOKIE, name: token }]\n      claimTransformations',
      ),
    'comfy-tenant.yaml:14:37 endpoints[0].auth.claimTransformations[1].name: is a tokenLookup location, which is removed from requests: forward the claim elsewhere',
  ],
  [
    'a prefix for a cookie',
    () => lookup('{ location: COOKIE, name: token, prefix: "Bearer " }'),
    'comfy-tenant.yaml:12:52 endpoints[0].auth.tokenLookup[0].prefix: applies to HEADER only: a COOKIE contains the bare token',
  ],
  [
    'a token in Host',
    () => lookup('{ location: HEADER, name: Host }'),
    'comfy-tenant.yaml:12:37 endpoints[0].auth.tokenLookup[0].name: is a reserved header: it belongs to the connection, Envoy or this service',
  ],
  [
    'a token in the header Cookie',
    () => lookup('{ location: HEADER, name: Cookie }'),
    'comfy-tenant.yaml:12:37 endpoints[0].auth.tokenLookup[0].name: must not be the Cookie header: use location: COOKIE and the name of the cookie',
  ],
  [
    'a token in our own header',
    () => lookup('{ location: HEADER, name: X-FunArt-Comfy-UserId }'),
    'comfy-tenant.yaml:12:37 endpoints[0].auth.tokenLookup[0].name: must not be X-FunArt-Comfy-UserId: this service sets that header',
    'comfy-tenant.yaml:14:37 endpoints[0].auth.claimTransformations[0].name: is a tokenLookup location, which is removed from requests: forward the claim elsewhere',
  ],
  [
    'a token in a cookie that is none',
    () => lookup('{ location: COOKIE, name: "my token" }'),
    'comfy-tenant.yaml:12:37 endpoints[0].auth.tokenLookup[0].name: is not a valid cookie name (RFC 6265): no spaces, quotes, commas, = or ;',
  ],
  [
    'a token in an escaped query parameter',
    () => lookup('{ location: QUERY, name: "tok%65n" }'),
    'comfy-tenant.yaml:12:36 endpoints[0].auth.tokenLookup[0].name: is not a plain query parameter: use letters, digits, . _ ~ and - only',
  ],
  [
    'a place that is looked at twice',
    () =>
      lookup(
        '{ location: HEADER, name: Authorization }\n        - { location: HEADER, name: authorization }',
      ),
    'comfy-tenant.yaml:13:37 endpoints[0].auth.tokenLookup[1].name: authorization is already in the list: list each location only once',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text()))).toEqual(faults);
  });
}
