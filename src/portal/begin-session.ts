import type { Audit } from '../auth/audit-event.ts';
import type { Claims } from '../auth/claims.ts';
import type { Identity } from '../auth/decision.ts';
import { clientAddress } from '../http/client-address.ts';
import { header, isHttps, type RequestHead } from '../http/request-head.ts';
import { requestId } from '../http/request-id.ts';
import { browserFamily } from '../revocation/browser-family.ts';
import type { ProviderSession } from '../revocation/registered-sessions.ts';
import type { SessionRegister } from '../revocation/session-register.ts';
import { newSession } from '../session/session.ts';
import type { Sessions } from '../session/sessions.ts';
import type { PortalEndpoint } from './portal-endpoint.ts';

export interface BeginSessionOptions {
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly register: SessionRegister;
  readonly trustedHops: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

interface Verified {
  readonly identity: Identity;
  readonly user: string;
  readonly claims?: Claims | undefined;
  readonly credentialEndsAtMs?: number | undefined;
  readonly way: 'page' | 'oidc' | 'link';
}

/** Starts a session of a user whose credentials were verified. Returns the value of `Set-Cookie`. */
export type BeginSession = (
  request: RequestHead,
  endpoint: PortalEndpoint,
  verified: Verified,
) => Promise<string>;

/** What a logout of the provider names. */
function providerSession(claims: Claims = {}): ProviderSession | undefined {
  const { iss, sub, sid } = claims;
  if (typeof iss !== 'string' || typeof sub !== 'string') return undefined;
  return { issuer: iss, subject: sub, ...(typeof sid === 'string' ? { sid } : {}) };
}

export function createBeginSession({ sessions, audit, ...options }: BeginSessionOptions): BeginSession {
  return async (request, { name, method, source, limits }, { identity, user, claims, way, ...ends }) => {
    const content = source.contentOf({ user, claims });
    const isLink = way === 'link' ? { isLink: true as const } : {};
    const known = { endpoint: name, method: method.name, user, ...content, ...isLink, ...ends };
    const session = newSession(known, limits, options.now());
    const cookie = await sessions.seal(session, isHttps(request));
    const address = clientAddress(request, options.trustedHops);
    const { id: sessionId, signedInAtMs, endsAtMs } = session;
    const { userId } = identity;
    const browser = browserFamily(header(request, 'user-agent'));
    const registered = { endpoint: name, user, userId, method: method.name, address, browser };
    const provider = way === 'oidc' ? providerSession(content.claims) : undefined;
    options.register.signedIn({ id: sessionId, ...registered, provider, signedInAtMs, endsAtMs });
    const origin = { endpoint: name, address, requestId: requestId(request) };
    audit({ event: 'signed-in', way, user, userId, sessionId, ...origin });
    return cookie;
  };
}
