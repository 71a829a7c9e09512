import type { Revocable, Revocation } from './revocations.ts';

/** Stands for every endpoint, or every user: no name is empty. */
const EVERY = '';

/**
 * Prepares revocations for constant-time checks. No check depends on the clock, so a clock that is set back revives
 * nothing.
 */
export function revocationIndex(revocations: readonly Revocation[]): (credential: Revocable) => boolean {
  const sessions = new Map<string, Set<string>>();
  const issuedBefore = new Map<string, Map<string, number>>();
  for (const { endpoint = EVERY, userId = EVERY, sessionId, issuedBeforeMs } of revocations) {
    if (sessionId === undefined) {
      const ofUser = issuedBefore.get(userId) ?? new Map<string, number>();
      issuedBefore.set(userId, ofUser);
      ofUser.set(endpoint, Math.max(ofUser.get(endpoint) ?? 0, issuedBeforeMs ?? 0));
    } else {
      const endpoints = sessions.get(sessionId) ?? new Set<string>();
      sessions.set(sessionId, endpoints.add(endpoint));
    }
  }

  function isBefore(issuedAtMs: number, userId: string, endpoint: string): boolean {
    const ofUser = issuedBefore.get(userId);
    if (ofUser === undefined) return false;
    return issuedAtMs < Math.max(ofUser.get(endpoint) ?? 0, ofUser.get(EVERY) ?? 0);
  }

  return ({ endpoint, userId, sessionId, issuedAtMs }) => {
    const endpoints = sessionId === undefined ? undefined : sessions.get(sessionId);
    if (endpoints !== undefined && (endpoints.has(endpoint) || endpoints.has(EVERY))) return true;
    if (issuedAtMs === undefined) return false;
    return isBefore(issuedAtMs, userId, endpoint) || isBefore(issuedAtMs, EVERY, endpoint);
  };
}
