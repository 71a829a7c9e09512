import type { AccessContext } from './check-access-rules.ts';
import { explainAccess } from './explain.ts';
import type { AccessTest } from './rule-schema.ts';

/**
 * Runs an endpoint's `tests`; a failing one is an error. Whether the user is in the list makes no difference: removing a
 * user must not make the configuration invalid, because the previous one would then stay in use, with that user.
 */
export function runAccessTests({ endpoint, users, path, diagnostics }: AccessContext): void {
  const names = [...(users?.keys() ?? [])];
  endpoint.tests.forEach((test: AccessTest, index) => {
    const { as, request, expect } = test;
    const { allowed, because, userId, listed } = explainAccess(endpoint, names, test);
    const at = [...path, 'tests', index];
    if (endpoint.auth.method === 'BASIC' && Object.keys(test.claims).length > 0)
      diagnostics.fault([...at, 'claims'], 'must be omitted: users of a BASIC endpoint have no claims');
    if (listed === false) diagnostics.warn([...at, 'as'], `${userId ?? as} is not in the user list`);
    if (allowed === (expect === 'allow')) return;
    diagnostics.fault(
      at,
      `${request} as ${as} must be ${expect === 'allow' ? 'allowed' : 'denied'}, but is ${allowed ? 'allowed' : 'denied'}, because ${because}: change the rules or the test`,
    );
  });
}
