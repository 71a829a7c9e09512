import type { AuthMethod } from '../auth/auth-method.ts';
import { deny, type Decision } from '../auth/decision.ts';
import type { Revocations } from './revocations.ts';

/** Lets a method accept only what is not revoked. Passwords pass: they end by a change of the user list. */
export function refuseRevoked(method: AuthMethod, endpoint: string, revocations: Revocations): AuthMethod {
  function check(decision: Decision): Decision {
    if (decision.kind !== 'allow') return decision;
    const { userId, sessionId, issuedAtMs } = decision.identity;
    if (sessionId === undefined && issuedAtMs === undefined) return decision;
    const { problem } = revocations;
    if (problem !== undefined) return { kind: 'unavailable', cause: problem };
    return revocations.isRevoked({ endpoint, userId, sessionId, issuedAtMs })
      ? deny(sessionId === undefined ? 'token-revoked' : 'session-revoked')
      : decision;
  }

  return {
    ...method,
    authenticate(credentials, client) {
      const decision = method.authenticate(credentials, client);
      return decision instanceof Promise ? decision.then(check) : check(decision);
    },
  };
}
