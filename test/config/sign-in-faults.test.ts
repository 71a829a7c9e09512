import { afterAll, expect, test } from 'vitest';
import { configDirectory, faultsOf } from './config-file.ts';

const directory = configDirectory();
directory.write('empty.secret', '\n');
directory.write('two.secret', 'one two\n');
directory.write('good.secret', 'the-secret\n');
afterAll(() => {
  directory.remove();
});

interface Case {
  readonly domains?: string;
  readonly issuers: readonly string[];
}

const ISSUER = 'issuer: https://login.example.com, audience: api, jwks: { discover: true }';
const oidc = (client: string, rest = ISSUER): string => `${rest}, signIn: { oidc: { ${client} } }`;
const one = (client: string, domains?: string): Case => ({
  issuers: [oidc(client)],
  ...(domains === undefined ? {} : { domains }),
});

function faultsFor({ domains = '[comfy.example.com]', issuers }: Case): readonly string[] {
  const text = `endpoints:
  - name: studio
    domains: ${domains}
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers:
${issuers.map((issuer) => `        - { ${issuer} }`).join('\n')}
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]
`;
  return faultsOf(directory.load(text)).map((fault) =>
    fault.replace(/^\S+ endpoints\[0\]\.auth\.issuers/, 'issuers'),
  );
}

const B = 'issuer: https://b.example.com, audience: api, jwks: { discover: true }, userIdPrefix: b';
const at = (name: string): string => `redirectUri: "https://comfy.example.com/_auth/oidc/callback${name}"`;

test.each<[string, Case]>([
  ['a public client at an exact domain', one('clientId: comfy')],
  ['a secret in a file', one('clientId: comfy, clientSecretFile: good.secret')],
  ['a redirect URI below a wildcard', one(`clientId: comfy, ${at('')}`, '["*.example.com"]')],
  ['a redirect URI for any host', one(`clientId: comfy, ${at('/a')}`, '["*"]')],
  ['two issuers', { issuers: [oidc(`clientId: a, ${at('/a')}`), oidc(`clientId: b, ${at('/b')}`, B)] }],
])('%s is accepted', (_, given) => {
  expect(faultsFor(given)).toEqual([]);
});

const CLIENT = 'issuers[0].signIn.oidc';
const OWN =
  'must have its own redirectUri, because several issuers have signIn: such as https://comfy.example.com/_auth/oidc/callback/name';

test.each<[string, Case, ...string[]]>([
  [
    'any issuer',
    {
      issuers: [
        oidc(
          'clientId: comfy',
          'anyIssuer: true, audience: api, jwks: { url: "https://login.example.com/keys" }',
        ),
      ],
    },
    `${CLIENT}: needs issuer: the provider is discovered at that URL`,
  ],
  [
    'an issuer that is no address',
    {
      issuers: [
        oidc(
          'clientId: comfy',
          'issuer: corp, audience: api, jwks: { url: "https://login.example.com/keys" }',
        ),
      ],
    },
    `${CLIENT}: needs an issuer to discover: issuer must be an https URL, such as https://login.example.com`,
  ],
  [
    'two secrets',
    one('clientId: comfy, clientSecret: x, clientSecretFile: good.secret'),
    `${CLIENT}.clientSecretFile: conflicts with clientSecret: keep one of the two`,
  ],
  [
    'a missing secret',
    one('clientId: comfy, clientSecretFile: missing.secret'),
    `${CLIENT}.clientSecretFile: missing.secret does not exist`,
  ],
  [
    'an empty secret',
    one('clientId: comfy, clientSecretFile: empty.secret'),
    `${CLIENT}.clientSecretFile: empty.secret is empty: it must contain the client secret`,
  ],
  [
    'a file with more than a secret',
    one('clientId: comfy, clientSecretFile: two.secret'),
    `${CLIENT}.clientSecretFile: two.secret must contain the client secret only, on one line`,
  ],
  [
    'no exact domain',
    one('clientId: comfy', '["*"]'),
    `${CLIENT}: needs redirectUri, because no domain of this endpoint is exact: such as https://comfy.example.com/_auth/oidc/callback`,
  ],
  [
    'another host',
    one('clientId: comfy, redirectUri: "https://evil.example.com/_auth/oidc/callback"'),
    `${CLIENT}.redirectUri: must be at one of the domains of this endpoint`,
  ],
  [
    'another path',
    one('clientId: comfy, redirectUri: "https://comfy.example.com/callback"'),
    `${CLIENT}.redirectUri: must end in /_auth/oidc/callback, or in /_auth/oidc/callback/name with a-z, 0-9 and -`,
  ],
  [
    'a query',
    one(`clientId: comfy, ${at('?a=b')}`),
    `${CLIENT}.redirectUri: must not contain a user name, a query or a fragment`,
  ],
  [
    'a script',
    one('clientId: comfy, redirectUri: "javascript:alert(1)"'),
    `${CLIENT}.redirectUri: must be an https URL`,
  ],
  [
    'two issuers with one callback',
    { issuers: [oidc(`clientId: a, ${at('')}`), oidc(`clientId: b, ${at('')}`, B)] },
    `issuers[1].signIn.oidc.redirectUri: ${OWN}`,
  ],
  [
    'two issuers without callbacks',
    { issuers: [oidc('clientId: a'), oidc('clientId: b', B)] },
    `${CLIENT}: ${OWN}`,
    `issuers[1].signIn.oidc: ${OWN}`,
  ],
])('%s is refused', (_, given, ...faults) => {
  expect(faultsFor(given)).toEqual(faults);
});
