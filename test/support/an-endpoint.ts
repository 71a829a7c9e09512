import { deny } from '../../src/auth/decision.ts';
import type { GuardedEndpoint } from '../../src/ext-authz/endpoint-router.ts';

/** An endpoint that denies everything; a test changes what it is about. */
export function anEndpoint(changes: Partial<GuardedEndpoint> = {}): GuardedEndpoint {
  return {
    name: 'studio',
    multiTenant: true,
    upstream: '',
    audience: 'a',
    allowedOrigins: [],
    forwardedClaims: [],
    method: {
      name: 'JWT',
      challenge: 'Bearer realm="studio"',
      find: () => deny('credentials-missing'),
      authenticate: () => deny('credentials-missing'),
      credentialLocations: { headers: [], cookies: [], query: ['token'] },
    },
    ...changes,
  };
}
