import { expect, test } from 'vitest';
import { restartNeeded } from './restart-needed.ts';
import { configSchema, type Config } from './schema.ts';

function aConfig(sections: object): Config {
  const endpoint = {
    name: 'studio',
    upstream: 'http://127.0.0.1:8188',
    multiTenant: true,
    auth: { method: 'BASIC' },
  };
  return {
    ...configSchema.parse({ endpoints: [endpoint], ...sections }),
    file: '/comfy-tenant.yaml',
    users: new Map(),
    keySets: new Map(),
  };
}

test('what is bound at the start and has changed is named', () => {
  const before = aConfig({ service: { parallelHashes: 2 } });
  const after = aConfig({
    service: { parallelHashes: 4 },
    admin: { listen: '127.0.0.1:9003' },
    gateway: { tls: { certFile: 'a', keyFile: 'b' } },
  });
  expect(restartNeeded(before, after)).toEqual(['gateway.tls', 'service.parallelHashes', 'admin.listen']);
});

test('what a reload takes is not named', () => {
  const after = {
    ...aConfig({ service: { rememberFor: '1m', address: 'authz.internal:9001' }, sameUsers: true }),
    endpoints: [],
  };
  expect(restartNeeded(aConfig({}), after)).toEqual([]);
});
