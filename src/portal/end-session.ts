import type { Allow } from '../auth/decision.ts';
import { requestId } from '../http/request-id.ts';
import { issuedBeforeNow } from '../revocation/issued-before.ts';
import { KEEP_REVOCATION_MS } from '../revocation/revocations.ts';
import type { PortalParts } from './portal-context.ts';
import { nameOf, type Visit } from './visit.ts';

/**
 * Ends the session of a request, so that a copy of its cookie is worth nothing.
 *
 * @param everywhere also ends all other sessions and tokens of the user at this endpoint
 * @returns false if that could not be stored
 */
export async function endSession(
  { revocations, register, audit, now, onError }: PortalParts,
  { endpoint, address, request }: Visit,
  { who, everywhere }: { who: Allow; everywhere: boolean },
): Promise<boolean> {
  const { session, identity } = who;
  const { userId } = identity;
  const origin = { endpoint: endpoint.name, address, requestId: requestId(request) };
  try {
    if (everywhere) {
      const nowMs = now();
      const issuedBeforeMs = issuedBeforeNow([userId], register.list(), nowMs);
      await revocations.revoke({
        endpoint: endpoint.name,
        userId,
        issuedBeforeMs,
        untilMs: nowMs + KEEP_REVOCATION_MS,
      });
      audit({ event: 'revoked', by: 'user', user: nameOf(who), userId, ...origin });
    }
    if (session === undefined) return true;
    const { id: sessionId, endsAtMs: untilMs } = session;
    await revocations.revoke({ endpoint: endpoint.name, userId, sessionId, untilMs });
    register.signedOut(sessionId);
    audit({ event: 'signed-out', by: 'user', user: session.user, sessionId, ...origin });
    return true;
  } catch (error) {
    onError(error);
    return false;
  }
}
