import { afterAll, expect, test } from 'vitest';
import { BASIC, configDirectory, faultsOf } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const CASES: readonly (readonly [sentence: string, text: string, ...faults: string[]])[] = [
  [
    'sameUsers that is text',
    `${BASIC}sameUsers: "true"\n`,
    'comfy-tenant.yaml:9:12 sameUsers: must be true or false',
  ],
  [
    'a console that is neither off nor a mapping',
    `${BASIC}console: on\n`,
    'comfy-tenant.yaml:9:10 console: must be off, or a mapping with accountsFile, historyDir and allowedAddresses',
  ],
  [
    'an address of the console that is none',
    `${BASIC}console: { allowedAddresses: [172.16.0.0/12, example.com] }\n`,
    'comfy-tenant.yaml:9:46 console.allowedAddresses[1]: must be an address or a network, such as 172.16.0.0/12',
  ],
  [
    'a key of the console that does not exist',
    `${BASIC}console: { off: true }\n`,
    'comfy-tenant.yaml:9:12 console.off: is not a known key: known here: accountsFile, historyDir, allowedAddresses',
  ],
  [
    'an empty path',
    `${BASIC}comfyui: { tokenKeyFile: "" }\n`,
    'comfy-tenant.yaml:9:26 comfyui.tokenKeyFile: must not be empty: give a path, relative to this file',
  ],
  [
    'one key for two purposes',
    `${BASIC}comfyui: { tokenKeyFile: a.key, verifyKeyFile: ./a.key }\n`,
    'comfy-tenant.yaml:9:48 comfyui.verifyKeyFile: must not be tokenKeyFile: each key has one purpose',
  ],
  [
    'a private key in the folder that ComfyUI gets',
    `${BASIC}comfyui: { tokenKeyFile: keys/token.key, publicKeyDir: keys/ }\n`,
    'comfy-tenant.yaml:9:56 comfyui.publicKeyDir: contains a private key, and ComfyUI can read this folder: use another, such as .comfy-tenant/public',
  ],
  [
    'a private key in the folder that ComfyUI gets by default',
    `${BASIC}comfyui: { verifyKeyFile: .comfy-tenant/public/verify.key }\n`,
    'comfy-tenant.yaml:9:27 comfyui.verifyKeyFile: is in .comfy-tenant/public, which ComfyUI can read: move it to another folder',
  ],
  [
    'a users file in the folder that ComfyUI gets',
    `${BASIC}      usersFile: public/users\ncomfyui: { publicKeyDir: public }\n`,
    'comfy-tenant.yaml:9:18 endpoints[0].auth.usersFile: public/users does not exist: create it with `comfy-tenant user add`',
    'comfy-tenant.yaml:9:18 endpoints[0].auth.usersFile: is in public, which ComfyUI can read: move it to another folder',
  ],
  [
    'a TLS key in the folder that ComfyUI gets',
    `${BASIC}gateway: { tls: { certFile: comfy-tenant.yaml, keyFile: .comfy-tenant/public/key.pem } }\n`,
    'comfy-tenant.yaml:9:29 gateway.tls.certFile: comfy-tenant.yaml is not PEM: it must have a -----BEGIN line',
    'comfy-tenant.yaml:9:57 gateway.tls.keyFile: is in .comfy-tenant/public, which ComfyUI can read: move it to another folder',
    'comfy-tenant.yaml:9:57 gateway.tls.keyFile: .comfy-tenant/public/key.pem does not exist',
  ],
  [
    'a listener without a port',
    `${BASIC}gateway: { listen: 127.0.0.1 }\n`,
    'comfy-tenant.yaml:9:20 gateway.listen: must be host:port, such as 127.0.0.1:9002',
  ],
  [
    'a listener with an impossible port',
    `${BASIC}admin: { listen: "127.0.0.1:70000" }\n`,
    'comfy-tenant.yaml:9:18 admin.listen: must be host:port, such as 127.0.0.1:9002',
  ],
  [
    'a listener with an impossible IPv6 address',
    `${BASIC}admin: { listen: "[::1::]:9002" }\n`,
    'comfy-tenant.yaml:9:18 admin.listen: must be host:port, such as 127.0.0.1:9002',
  ],
  [
    'a service listener that is a bare path',
    `${BASIC}service: { listen: /run/authz.sock }\n`,
    'comfy-tenant.yaml:9:20 service.listen: must be unix:path or host:port, such as unix:run/authz.sock',
  ],
  [
    'too many trusted hops',
    `${BASIC}gateway: { trustedHops: 11 }\n`,
    'comfy-tenant.yaml:9:25 gateway.trustedHops: must be at most 10',
  ],
  [
    'half a trusted hop',
    `${BASIC}gateway: { trustedHops: 0.5 }\n`,
    'comfy-tenant.yaml:9:25 gateway.trustedHops: must be a whole number',
  ],
  [
    'a duration without a unit',
    `${BASIC}service: { rememberFor: 600 }\n`,
    'comfy-tenant.yaml:9:25 service.rememberFor: must be a duration, such as 30s, 10m or 1h',
  ],
  [
    'a duration of two units',
    `${BASIC}service: { rememberFor: 1h30m }\n`,
    'comfy-tenant.yaml:9:25 service.rememberFor: must be a duration, such as 30s, 10m or 1h',
  ],
  [
    'a duration out of bounds',
    `${BASIC}service: { rememberFor: 30d }\n`,
    'comfy-tenant.yaml:9:25 service.rememberFor: must be between 1s and 24h',
  ],
  [
    'a client certificate that is asked for and not there',
    `${BASIC}service: { listen: 127.0.0.1:9001, tls: { certFile: c.pem, keyFile: c.pem, clientCaFile: c.pem } }\n`,
    'comfy-tenant.yaml:9:36 service.tls: clientCaFile, clientCertFile and clientKeyFile must be set together: Envoy needs the client certificate that the service requires',
    'comfy-tenant.yaml:9:53 service.tls.certFile: c.pem does not exist',
    'comfy-tenant.yaml:9:69 service.tls.keyFile: c.pem does not exist',
    'comfy-tenant.yaml:9:90 service.tls.clientCaFile: c.pem does not exist',
  ],
  [
    'no parallel hash at all',
    `${BASIC}service: { parallelHashes: 0 }\n`,
    'comfy-tenant.yaml:9:28 service.parallelHashes: must be at least 1',
  ],
  [
    'an unknown log level',
    `${BASIC}log: { level: verbose }\n`,
    'comfy-tenant.yaml:9:15 log.level: must be debug, info, warn or error',
  ],
  [
    'a TLS key without its certificate',
    `${BASIC}gateway: { tls: { keyFile: key.pem } }\n`,
    'comfy-tenant.yaml:9:12 gateway.tls.certFile: is missing: must be a path',
    'comfy-tenant.yaml:9:28 gateway.tls.keyFile: key.pem does not exist',
  ],
];

for (const [sentence, text, ...faults] of CASES) {
  test(`${sentence} is an error`, () => {
    expect(faultsOf(directory.load(text))).toEqual(faults);
  });
}
