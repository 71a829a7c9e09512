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
    clientSecrets: new Map(),
  };
}

test('changed keys that need a restart are listed', () => {
  const before = aConfig({ service: { parallelHashes: 2 } });
  const after = aConfig({
    service: { parallelHashes: 4 },
    admin: { listen: '127.0.0.1:9003' },
    gateway: { tls: { certFile: 'a', keyFile: 'b' } },
  });
  expect(restartNeeded(before, after)).toEqual(['gateway.tls', 'service.parallelHashes', 'admin.listen']);
});

test('keys that a reload applies are not listed', () => {
  const after = {
    ...aConfig({ service: { rememberFor: '1m', address: 'authz.internal:9001' }, sameUsers: true }),
    endpoints: [],
  };
  expect(restartNeeded(aConfig({}), after)).toEqual([]);
});
