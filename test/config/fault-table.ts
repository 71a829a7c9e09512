import { ARGON2, BCRYPT } from './config-file.ts';

/** A valid configuration with every section; a fault is added by replacing one line. */
export const GOOD = `endpoints:
  - name: studio
    domains: [studio.example.com, "*.studio.example.com"]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: BASIC
      realm: Studio
      users:
        - username: alice
          password: "${BCRYPT}"
        - username: bob
          password: "${ARGON2}"
      userIdPrefix: corp
      operators:
        users: [corp~alice]
    publicPaths:
      - path: /public/*
      - path: /hello
        answer: { status: 200, body: hello }
  - name: api
    domains: [api.example.com]
    upstream: [http://127.0.0.1:8189, http://127.0.0.1:8190]
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - issuer: https://login.example.com
          audience: comfyui
          jwks: { url: https://login.example.com/jwks.json, cooldown: 30s }
          algorithms: [RS256]
          clockTolerance: 30s
      tokenLookup:
        - { location: HEADER, name: Authorization, prefix: "Bearer " }
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }
sameUsers: false
comfyui:
  tokenKeyFile: token.key
gateway:
  listen: 127.0.0.1:8080
  trustedHops: 1
service:
  listen: 127.0.0.1:9001
  rememberFor: 10m
admin:
  listen: 127.0.0.1:9002
log: { level: info }
`;

/** Line of GOOD → its invalid replacement, and the line without which it would be valid. */
export const FAULTS: readonly (readonly [line: string, bad: string, dependsOn?: string])[] = [
  ['  - name: studio', '  - name: Not A Name'],
  ['  - name: studio', '  - name: ${GPU}'],
  ['    domains: [studio.example.com, "*.studio.example.com"]', '    domains: [studio.example.com, "a b"]'],
  ['    domains: [studio.example.com, "*.studio.example.com"]', '    domain: [studio.example.com]'],
  ['    upstream: http://127.0.0.1:8188', '    upstream: http://${GPU}:8188'],
  ['    upstream: http://127.0.0.1:8188', '    upstream: 5'],
  ['    upstream: http://127.0.0.1:8188', '    upstreams: http://127.0.0.1:8188'],
  ['      method: BASIC', '      method: basic'],
  ['      method: BASIC', '      methd: BASIC'],
  ['      realm: Studio', '      realm: ${REALM}'],
  ['      realm: Studio', '      userFile: users.htpasswd'],
  ['      realm: Studio', '      realm: [a]'],
  ['        - username: alice', '        - username: "a:b"'],
  ['        - username: alice', '        - user_name: alice'],
  ['        - username: alice', '        - username: 5'],
  [`          password: "${BCRYPT}"`, '          password: hunter2'],
  [`          password: "${BCRYPT}"`, '          password: ${HASH}'],
  ['        - username: bob', '        - username: alice', '        - username: alice'],
  ['      userIdPrefix: corp', '      userIdPrefix: COR-P'],
  ['        users: [corp~alice]', '        users: ["a b"]'],
  ['        users: [corp~alice]', '        user: [corp~alice]'],
  ['      - path: /public/*', '      - path: /*'],
  ['      - path: /hello', '      - path: /public/*', '      - path: /public/*'],
  ['        answer: { status: 200, body: hello }', '        answer: { status: 20, body: hello }'],
  ['  - name: api', '  - name: studio', '  - name: studio'],
  ['  - name: api', '  - nam: api'],
  [
    '    domains: [api.example.com]',
    '    domains: [studio.example.com]',
    '    domains: [studio.example.com, "*.studio.example.com"]',
  ],
  ['    domains: [api.example.com]', '    domains: []'],
  [
    '    upstream: [http://127.0.0.1:8189, http://127.0.0.1:8190]',
    '    upstream: [http://127.0.0.1:8189, http://127.0.0.1:8189]',
  ],
  [
    '    upstream: [http://127.0.0.1:8189, http://127.0.0.1:8190]',
    '    upstream: [http://127.0.0.1:8189, "http://${B}"]',
  ],
  ['      method: JWT', '      method: jwt'],
  ['      method: JWT', '      method: ${METHOD}'],
  ['        - issuer: https://login.example.com', '        - issuer: comfy-tenant'],
  ['        - issuer: https://login.example.com', '        - isuer: https://login.example.com'],
  ['          audience: comfyui', '          audience: []'],
  ['          audience: comfyui', '          audience: ${AUD}'],
  ['          jwks: { url: https://login.example.com/jwks.json, cooldown: 30s }', '          jwks: 5'],
  [
    '          jwks: { url: https://login.example.com/jwks.json, cooldown: 30s }',
    '          jwks: { url: http://login.example.com/x }',
  ],
  [
    '          jwks: { url: https://login.example.com/jwks.json, cooldown: 30s }',
    '          jwks: { url: https://login.example.com/jwks.json, cooldwn: 30s }',
  ],
  [
    '          jwks: { url: https://login.example.com/jwks.json, cooldown: 30s }',
    '          jwks: { file: missing.json }',
  ],
  ['          algorithms: [RS256]', '          algorithms: [none]'],
  ['          clockTolerance: 30s', '          clockTolerance: 11m'],
  ['          clockTolerance: 30s', '          clockTolerance: 30'],
  [
    '        - { location: HEADER, name: Authorization, prefix: "Bearer " }',
    '        - { location: BODY, name: a }',
  ],
  [
    '        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }',
    '        - { location: HEADER, name: Host, claim: sub }',
  ],
  [
    '        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }',
    '        - { location: HEADER, name: "${HEADER}", claim: sub }',
  ],
  ['sameUsers: false', 'sameUsers: sometimes'],
  ['sameUsers: false', '? { a: b }\n: false'],
  ['sameUsers: false', '7: false'],
  ['comfyui:', 'comfyu:'],
  ['  tokenKeyFile: token.key', '  tokenKeyFile: ""'],
  ['  listen: 127.0.0.1:8080', '  listen: ${LISTEN}'],
  ['  trustedHops: 1', '  trustedHops: 11'],
  ['  trustedHops: 1', '  trustedHops: one'],
  ['  listen: 127.0.0.1:9001', '  listen: nowhere'],
  ['  rememberFor: 10m', '  rememberFor: 48h'],
  ['  rememberFor: 10m', '  rememberFor: *undefined'],
  ['log: { level: info }', 'log: { level: loud }'],
  ['log: { level: info }', 'log: { level: !!js/function x }'],
  ['log: { level: info }', 'log: { level: info, level: debug }'],
];
