import type { Audit } from '../auth/audit-event.ts';
import type { ProviderLogout } from '../oidc/logout-token.ts';
import type { RegisteredSession } from '../revocation/registered-sessions.ts';
import type { Revocations } from '../revocation/revocations.ts';
import type { SessionRegister } from '../revocation/session-register.ts';

/** Times in tokens are whole seconds. */
const SECOND = 1000;

/** Whether the provider ended the session: by `sid` the one, without it all of `sub`. Later sign-ins go on. */
function isEnded(session: RegisteredSession, { issuer, subject, sid, issuedAtMs }: ProviderLogout): boolean {
  const { provider, signedInAtMs } = session;
  if (provider?.issuer !== issuer || signedInAtMs >= issuedAtMs + SECOND) return false;
  if (subject !== undefined && provider.subject !== subject) return false;
  return sid === undefined || provider.sid === sid;
}

/** Ends the sessions that an OpenID provider has ended (back-channel logout). */
export function endProviderSessions({
  register,
  revocations,
  audit,
}: {
  readonly register: SessionRegister;
  readonly revocations: Revocations;
  readonly audit: Audit;
}): (endpoint: string, logout: ProviderLogout) => Promise<void> {
  return async (endpoint, logout) => {
    const ended = register.list().filter((one) => one.endpoint === endpoint && isEnded(one, logout));
    for (const { id: sessionId, userId, user, endsAtMs: untilMs } of ended) {
      await revocations.revoke({ endpoint, userId, sessionId, untilMs });
      register.signedOut(sessionId);
      audit({ event: 'signed-out', by: 'provider', user, sessionId, endpoint });
    }
  };
}
