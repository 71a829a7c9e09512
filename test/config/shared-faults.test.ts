import { afterAll, expect, test } from 'vitest';
import { BASIC, JWT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const SECOND = spoil(BASIC, 'endpoints:\n', '');
const another = (name: string, lines: string): string =>
  BASIC + SECOND.replace('name: studio', `name: ${name}\n    ${lines}`);
const jwtToo = (lines: string): string => JWT.replace('name: api', `name: api\n    ${lines}`) + SECOND;
const withEmailToo = (text: string): string =>
  text +
  spoil(text, 'endpoints:\n', '')
    .replace('name: api', 'name: b\n    domains: [b.example.com]')
    .replace('claim: sub', 'claim: email');
const COOKIE = '- { location: COOKIE, name: X-FunArt-Comfy-UserId, claim: nickname }\n        ';
const CASES: readonly (readonly [sentence: string, text: () => string, ...faults: string[]])[] = [
  [
    'two endpoints of one name',
    () => another('studio', 'domains: [b.example.com]').replace('alice', 'bob').replace('8188', '8189'),
    'comfy-tenant.yaml:9:11 endpoints[1].name: studio is already the name of endpoints[0]: names must differ',
  ],
  [
    'two endpoints for all domains',
    () => another('b', 'publicPaths: []').replace('8188', '8189'),
    'comfy-tenant.yaml:9:5 endpoints[1].domains[0]: * (all other hosts; the default without domains) is already a domain of endpoints[0] (studio): a domain can belong to only one endpoint',
  ],
  [
    'two endpoints of one domain',
    () =>
      spoil(
        another('b', 'domains: [COMFY.example.com]'),
        'upstream',
        'domains: [a.example.com, comfy.example.com]\n    upstream',
      ).replace('8188', '8189'),
    'comfy-tenant.yaml:11:15 endpoints[1].domains[0]: COMFY.example.com is already a domain of endpoints[0] (studio): a domain can belong to only one endpoint',
  ],
  [
    'one domain twice in an endpoint',
    () => spoil(BASIC, 'upstream', 'domains: [a.example.com, a.example.com]\n    upstream'),
    'comfy-tenant.yaml:3:30 endpoints[0].domains[1]: a.example.com is already a domain of endpoints[0] (studio): a domain can belong to only one endpoint',
  ],
  [
    'one ComfyUI twice in an endpoint',
    () => spoil(BASIC, 'http://127.0.0.1:8188', '[http://127.0.0.1:8188, http://localhost:8188/]'),
    'comfy-tenant.yaml:3:5 endpoints[0].upstream: lists 127.0.0.1:8188 twice: list each ComfyUI only once',
  ],
  [
    'http and https in one endpoint',
    () => spoil(BASIC, 'http://127.0.0.1:8188', '[http://a.internal:8188, https://b.internal:8188]'),
    'comfy-tenant.yaml:3:5 endpoints[0].upstream: mixes http and https: use one scheme for all ComfyUIs of an endpoint',
  ],
  [
    'one public path twice',
    () => spoil(BASIC, 'upstream', 'publicPaths: [{ path: /a }, { path: /a }]\n    upstream'),
    'comfy-tenant.yaml:3:41 endpoints[0].publicPaths[1].path: /a is listed twice: keep one',
  ],
  [
    'two user lists that meet in one ComfyUI',
    () => another('b', 'domains: [b.example.com]'),
    'comfy-tenant.yaml:13:5 endpoints[1].auth: shares 127.0.0.1:8188 with endpoint studio, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'a user list and an issuer that meet in one ComfyUI',
    () => jwtToo('domains: [api.example.com]').replace('http://127.0.0.1:8188', 'http://LOCALHOST:8188/'),
    'comfy-tenant.yaml:17:5 endpoints[1].auth: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'two issuers that meet in one ComfyUI',
    () =>
      spoil(
        JWT,
        '      claimTransformations',
        '        - { issuer: "https://b.example.com", audience: comfyui, jwks: { discover: true } }\n      claimTransformations',
      ),
    'comfy-tenant.yaml:11:11 endpoints[0].auth.issuers[1]: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'two issuers with one prefix',
    () =>
      spoil(JWT, 'audience: comfyui', 'audience: comfyui\n          userIdPrefix: corp').replace(
        '      claimTransformations',
        '        - { issuer: "https://b.example.com", audience: comfyui, jwks: { discover: true }, userIdPrefix: corp }\n      claimTransformations',
      ),
    'comfy-tenant.yaml:12:11 endpoints[0].auth.issuers[1]: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'one issuer whose endpoints take different claims',
    () => withEmailToo(JWT),
    'comfy-tenant.yaml:20:11 endpoints[1].auth.issuers[0]: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'one issuer whose endpoints take different claims, behind a cookie with the name of the header',
    () => withEmailToo(spoil(JWT, '- { location: HEADER', `${COOKIE}- { location: HEADER`)),
    'comfy-tenant.yaml:21:11 endpoints[1].auth.issuers[0]: shares 127.0.0.1:8188 with issuers[0] of endpoint api, so one name could mean two people: give one of them a userIdPrefix, or set sameUsers: true at the top if a name means the same person in both',
  ],
  [
    'an upstream that is the gateway',
    () => spoil(BASIC, '8188', '8080'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: is gateway.listen itself: give the address of a ComfyUI',
  ],
  [
    'an upstream that is the admin port',
    () => spoil(BASIC, '127.0.0.1:8188', 'localhost:9002'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: is admin.listen itself: give the address of a ComfyUI',
  ],
  [
    'two listeners on one port',
    () => `${BASIC}admin: { listen: 127.0.0.1:8080 }\n`,
    'comfy-tenant.yaml:9:18 admin.listen: is also the address of gateway.listen: use another port',
  ],
  ...[
    ['0.0.0.0:8080', 'http://127.0.0.1:8080'],
    ['[::]:8080', 'http://localhost:8080'],
    ['localhost:8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:08080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://0.0.0.0:8080'],
    ['127.0.0.1:8080', 'http://[::ffff:127.0.0.1]:8080'],
  ].map(([listen = '', upstream = '']): [string, () => string, string] => [
    `an upstream ${upstream} that is the gateway on ${listen}`,
    () => `${spoil(BASIC, 'http://127.0.0.1:8188', upstream)}gateway: { listen: "${listen}" }\n`,
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: is gateway.listen itself: give the address of a ComfyUI',
  ]),
  ...[
    ['127.0.0.1:9002', '0.0.0.0:9002'],
    ['0.0.0.0:9002', '127.0.0.1:9002'],
    ['LOCALHOST:9002', '127.0.0.1:9002'],
    ['[::]:9002', '127.0.0.1:9002'],
    ['127.0.0.1:9002', '127.0.0.1:09002'],
  ].map(([gateway = '', admin = '']): [string, () => string, string] => [
    `a gateway on ${gateway} beside an admin port on ${admin}`,
    () => `${BASIC}gateway: { listen: "${gateway}" }\nadmin: { listen: "${admin}" }\n`,
    'comfy-tenant.yaml:10:18 admin.listen: is also the address of gateway.listen: use another port',
  ]),
  [
    'a redirect that listens where the admin port does',
    () => `${BASIC}gateway: { redirectFrom: 127.0.0.1:9002 }\nadmin: { listen: 127.0.0.1:9002 }\n`,
    'comfy-tenant.yaml:10:18 admin.listen: is also the address of gateway.redirectFrom: use another port',
  ],
  [
    'a socket path that is too long',
    () => `${BASIC}service: { listen: "unix:/${'a'.repeat(107)}" }\n`,
    `comfy-tenant.yaml:9:20 service.listen: is a path of 108 bytes: Unix socket paths have at most 107, use a shorter one`,
  ],
  ...['0.0.0.0', '[::]', '[0:0:0:0:0:0:0:0]', '[::ffff:0.0.0.0]', '0'].map(
    (host): [string, () => string, string] => [
      `a service that listens on ${host} without an address`,
      () => `${BASIC}service: { listen: "${host}:9001" }\n`,
      'comfy-tenant.yaml:9:20 service.listen: is a wildcard address, which Envoy cannot connect to: set service.address, such as authz.internal:9001',
    ],
  ),
  [
    'an address for Envoy that is no address',
    () => `${BASIC}service: { listen: 127.0.0.1:9001, address: "0.0.0.0:9001" }\n`,
    'comfy-tenant.yaml:9:45 service.address: must be a single address, not a wildcard: name the host that Envoy connects to',
  ],
  [
    'an address for Envoy without a port',
    () => `${BASIC}service: { listen: 127.0.0.1:9001, address: "authz.internal" }\n`,
    'comfy-tenant.yaml:9:45 service.address: must be unix:path or host:port that Envoy can connect to, such as authz.internal:9001',
  ],
  [
    'an address for Envoy of another kind',
    () => `${BASIC}service: { address: "authz.internal:9001" }\n`,
    'comfy-tenant.yaml:9:21 service.address: must be of the same kind as service.listen: both unix:path or both host:port',
  ],
  [
    'TLS on a Unix socket',
    () => (
      directory.write('a.pem', '-----BEGIN CERTIFICATE-----\n'),
      `${BASIC}service: { tls: { certFile: a.pem, keyFile: a.pem } }\n`
    ),
    'comfy-tenant.yaml:9:12 service.tls: applies to host:port only: file permissions protect a Unix socket',
  ],
  [
    'missing TLS files',
    () => `${BASIC}gateway: { tls: { certFile: tls/cert.pem, keyFile: tls/key.pem } }\n`,
    'comfy-tenant.yaml:9:29 gateway.tls.certFile: tls/cert.pem does not exist',
    'comfy-tenant.yaml:9:52 gateway.tls.keyFile: tls/key.pem does not exist',
  ],
  [
    'TLS files that are not PEM',
    () => (
      directory.write('a.der', '0000'),
      `${BASIC}gateway: { tls: { certFile: a.der, keyFile: a.pem } }\n`
    ),
    'comfy-tenant.yaml:9:29 gateway.tls.certFile: a.der is not PEM: it must have a -----BEGIN line',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text()))).toEqual(faults);
  });
}
