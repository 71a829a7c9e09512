import { afterAll, expect, test } from 'vitest';
import { BASIC, configDirectory, faultsOf } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const CASES: readonly (readonly [sentence: string, text: string, ...faults: string[]])[] = [
  [
    'a session that ends before it is unused',
    `${BASIC}session: { ttl: 2d, maxAge: 1d }\n`,
    'comfy-tenant.yaml:9:17 session.ttl: must not be longer than session.maxAge, which ends a session in any case',
  ],
  [
    'a portal on all addresses',
    `${BASIC}portal: { listen: "0.0.0.0:9003" }\n`,
    'comfy-tenant.yaml:9:19 portal.listen: is a wildcard address, which Envoy cannot connect to: set portal.address, such as authz.internal:9003',
  ],
  [
    "a portal on the admin server's address",
    `${BASIC}portal: { listen: "127.0.0.1:9002" }\nadmin: { listen: "127.0.0.1:9002" }\n`,
    'comfy-tenant.yaml:10:18 admin.listen: is also the address of portal.listen: use another port',
  ],
  [
    'public sign-in pages',
    `${BASIC}    publicPaths: [{ path: /_auth/* }]\n`,
    'comfy-tenant.yaml:9:27 endpoints[0].publicPaths[0].path: is below /_auth, where the service has its sign-in pages: use another path',
  ],
  [
    'an empty title',
    `${BASIC}portal: { title: " " }\n`,
    'comfy-tenant.yaml:9:18 portal.title: must be 1 to 60 characters of text',
  ],
];

test.each(CASES)('%s', (_, text, ...faults) => {
  expect(faultsOf(directory.load(text))).toEqual(faults);
});
