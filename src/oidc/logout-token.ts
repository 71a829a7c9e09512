import { verifyToken, type TrustedIssuer } from '../jwt/verify-token.ts';
import type { UsedOnce } from './used-once.ts';
import { forClient, hasType } from './verify-id-token.ts';

/** What a provider ends: one of its sessions, or all of a user. */
export interface ProviderLogout {
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly sid: string | undefined;
  /** Milliseconds since 1970: what began later goes on. */
  readonly issuedAtMs: number;
  /** For `used.forget`, if nothing could be ended. */
  readonly use: string;
}

export type LogoutResult =
  | { readonly kind: 'logout'; readonly logout: ProviderLogout }
  | { readonly kind: 'invalid' | 'unavailable'; readonly cause: string };

export interface LogoutRules {
  readonly trusted: TrustedIssuer;
  readonly clientId: string;
  readonly used: UsedOnce;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Older tokens are refused, so that a token need not be remembered for longer. */
const MAX_AGE_MS = 10 * 60_000;

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' ? claim : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The claims of OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6. */
function claimsFault(claims: Readonly<Record<string, unknown>>): string | undefined {
  const { events, nonce, sub, sid, jti } = claims;
  if (!isObject(events) || !isObject(events[EVENT])) return 'has no event of a logout';
  if (nonce !== undefined) return 'has a nonce, as only ID tokens do';
  if (text(jti) === undefined) return 'has no jti';
  const named = [sub, sid].filter((claim) => claim !== undefined);
  return named.length > 0 && named.every((claim) => text(claim) !== undefined)
    ? undefined
    : 'has neither sub nor sid';
}

/** Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6) by the rules of its issuer. Accepts each once. */
export async function verifyLogoutToken(token: string, rules: LogoutRules): Promise<LogoutResult> {
  const invalid = (cause: string): LogoutResult => ({ kind: 'invalid', cause: `logout token: ${cause}` });
  const trusted = forClient(rules);
  const issuer = {
    ...trusted,
    rules: { ...trusted.rules, maxTokenAge: MAX_AGE_MS, requiredClaims: {} },
  };
  const result = await verifyToken(token, issuer, rules.now());
  if (result.kind === 'unavailable') return { kind: 'unavailable', cause: result.cause };
  if (result.kind === 'deny') return invalid(result.reason);
  const { claims } = result;
  if (!hasType(token, ['logout+jwt', 'jwt'])) return invalid('is a token of another kind (typ)');
  const fault = claimsFault(claims);
  if (fault !== undefined) return invalid(fault);
  const issuedAtMs = Number(claims.iat) * 1000;
  const acceptedUntilMs = issuedAtMs + MAX_AGE_MS + issuer.rules.clockTolerance;
  const use = JSON.stringify([claims.iss, claims.jti]);
  if (!rules.used.use(use, acceptedUntilMs)) return invalid('was used before (jti)');
  return {
    kind: 'logout',
    logout: {
      issuer: issuer.rules.issuer ?? '',
      subject: text(claims.sub),
      sid: text(claims['sid']),
      issuedAtMs,
      use,
    },
  };
}
