import { afterAll, expect, test } from 'vitest';
import { BASIC, BCRYPT, configDirectory, faultsOf, spoil } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const CASES: readonly (readonly [sentence: string, text: string, ...faults: string[]])[] = [
  ['no endpoints', 'sameUsers: true\n', 'comfy-tenant.yaml:1:1 endpoints: is missing: must be a list'],
  [
    'a name in capitals',
    spoil(BASIC, 'name: studio', 'name: Studio'),
    'comfy-tenant.yaml:2:11 endpoints[0].name: must be 1 to 40 of a-z, 0-9 and -, such as studio',
  ],
  [
    'a name that is a number',
    spoil(BASIC, 'name: studio', 'name: 7'),
    'comfy-tenant.yaml:2:11 endpoints[0].name: must be a name, such as studio',
  ],
  [
    'a domain with a port',
    spoil(BASIC, 'upstream:', 'domains: ["a.example.com:8080"]\n    upstream:'),
    'comfy-tenant.yaml:3:15 endpoints[0].domains[0]: must be a host name without port, *.example.com or *',
  ],
  [
    'no domain in the list',
    spoil(BASIC, 'upstream:', 'domains: []\n    upstream:'),
    'comfy-tenant.yaml:3:5 endpoints[0].domains: must name at least one domain; omit it to match all',
  ],
  [
    'a wildcard in the middle of a domain',
    spoil(BASIC, 'upstream:', 'domains: ["a.*.example.com"]\n    upstream:'),
    'comfy-tenant.yaml:3:15 endpoints[0].domains[0]: must be a host name without port, *.example.com or *',
  ],
  [
    'an upstream with a path',
    spoil(BASIC, 'http://127.0.0.1:8188', 'http://127.0.0.1:8188/comfy'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with a user and password',
    spoil(BASIC, 'http://127.0.0.1:8188', 'http://me:secret@127.0.0.1:8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream whose host begins with a dash',
    spoil(BASIC, '127.0.0.1:8188', '-127.0.0.1:8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with a shortened address',
    spoil(BASIC, '127.0.0.1:8188', '127.1:8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with a hexadecimal address',
    spoil(BASIC, '127.0.0.1:8188', '0x7f000001:8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with an impossible address',
    spoil(BASIC, '127.0.0.1:8188', '256.0.0.1:8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with port 0',
    spoil(BASIC, 'http://127.0.0.1:8188', 'http://127.0.0.1:0'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream with a port over 65535',
    spoil(BASIC, 'http://127.0.0.1:8188', 'http://127.0.0.1:70000'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  ],
  [
    'an upstream that is a number',
    spoil(BASIC, 'http://127.0.0.1:8188', '8188'),
    'comfy-tenant.yaml:3:15 endpoints[0].upstream: must be the address of a ComfyUI, such as http://127.0.0.1:8188, or a list of them',
  ],
  [
    'an empty list of upstreams',
    spoil(BASIC, 'http://127.0.0.1:8188', '[]'),
    'comfy-tenant.yaml:3:5 endpoints[0].upstream: must name at least one ComfyUI',
  ],
  [
    'no multiTenant',
    spoil(BASIC, '    multiTenant: true\n', ''),
    'comfy-tenant.yaml:2:5 endpoints[0].multiTenant: is missing: must be true or false',
  ],
  [
    'the word yes for true',
    spoil(BASIC, 'multiTenant: true', 'multiTenant: yes'),
    'comfy-tenant.yaml:4:18 endpoints[0].multiTenant: must be true or false',
  ],
  [
    'an unknown method',
    spoil(BASIC, 'method: BASIC', 'method: basic'),
    'comfy-tenant.yaml:6:15 endpoints[0].auth.method: must be BASIC or JWT',
  ],
  [
    'no method',
    spoil(BASIC, 'method: BASIC', 'realm: x'),
    'comfy-tenant.yaml:5:5 endpoints[0].auth.method: is missing: must be BASIC or JWT',
  ],
  [
    'a realm that cannot be shown',
    spoil(BASIC, 'method: BASIC', 'method: BASIC\n      realm: "Büro"'),
    'comfy-tenant.yaml:7:14 endpoints[0].auth.realm: must be 1 to 100 printable ASCII characters',
  ],
  [
    'a user name of digits without quotes',
    spoil(BASIC, 'username: alice', 'username: 12345'),
    'comfy-tenant.yaml:8:23 endpoints[0].auth.users[0].username: must be a user name, such as alice; put quotes around digits',
  ],
  [
    'a user without a password',
    spoil(BASIC, `, password: "${BCRYPT}"`, ''),
    'comfy-tenant.yaml:8:11 endpoints[0].auth.users[0].password: is missing: must be a password hash: create one with `comfy-tenant hash`',
  ],
  [
    'a user id prefix in capitals',
    spoil(BASIC, 'method: BASIC', 'method: BASIC\n      userIdPrefix: Corp'),
    'comfy-tenant.yaml:7:21 endpoints[0].auth.userIdPrefix: must be 1 to 32 lower-case letters and digits, such as corp',
  ],
  [
    'the reserved user id prefix',
    spoil(BASIC, 'method: BASIC', 'method: BASIC\n      userIdPrefix: verify'),
    'comfy-tenant.yaml:7:21 endpoints[0].auth.userIdPrefix: must not be verify: that prefix is reserved for `comfy-tenant verify`',
  ],
  [
    'an unknown policy',
    spoil(BASIC, 'method: BASIC', 'method: BASIC\n      policy: strict'),
    'comfy-tenant.yaml:7:15 endpoints[0].auth.policy: must be "funart"',
  ],
  [
    'a public path that is everything',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: "/*" }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: would make everything public: list the public paths',
  ],
  [
    'a public path with an escape',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: /a%2fb }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public path with a parent segment',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: /a/../b }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public path with two slashes',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: //a }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public path with parameters',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: "/a;b" }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public path with a backslash',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: "/a\\\\b" }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public path with a star in the middle',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: "/a*/b" }]\n    upstream:'),
    'comfy-tenant.yaml:3:27 endpoints[0].publicPaths[0].path: must be a plain path, exact or ending in *, such as /public/*: no //, . or .. segments, escapes, ; or ?',
  ],
  [
    'a public answer with an impossible status',
    spoil(BASIC, 'upstream:', 'publicPaths: [{ path: /a, answer: { status: 99 } }]\n    upstream:'),
    'comfy-tenant.yaml:3:49 endpoints[0].publicPaths[0].answer.status: must be at least 200',
  ],
  [
    'a public answer that is too long',
    spoil(
      BASIC,
      'upstream:',
      `publicPaths: [{ path: /a, answer: { body: ${'x'.repeat(4097)} } }]\n    upstream:`,
    ),
    'comfy-tenant.yaml:3:47 endpoints[0].publicPaths[0].answer.body: must be at most 4096 bytes: Envoy sends no longer body',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text))).toEqual(faults);
  });
}
