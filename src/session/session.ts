import type { Claims } from '../auth/claims.ts';
import type { DenyReason } from '../auth/decision.ts';

/** A browser's session after sign-in, as its cookie holds it. */
export interface Session {
  /** 128 random bits, base64url. */
  readonly id: string;
  /** `aud`: a cookie of another endpoint is rejected. */
  readonly endpoint: string;
  readonly method: 'BASIC' | 'JWT';
  /** BASIC: the user name; JWT: the text of the id claim. Shown to people. */
  readonly user: string;
  /** BASIC: keyed digest of the stored hash, so that a changed password or a removed user ends the session. */
  readonly passwordTag?: string;
  /** JWT: `iss`, `sub`, `sid` and only those claims that the endpoint maps or tests. */
  readonly claims?: Claims;
  readonly signedInAtMs: number;
  /** The hard end: `maxAge` after sign-in, or the end of the credentials if that is earlier. */
  readonly endsAtMs: number;
  /** `ttl` after the last renewal, at most `endsAtMs`; renewed in use. */
  readonly expiresAtMs: number;
}

/** Signs and verifies session cookies. */
export interface Sessions {
  /** @param secure whether the browser uses https: the cookie then has `Secure` and the prefix `__Host-` */
  seal(session: Session, secure: boolean): Promise<string>;
  /** @param cookie the value of the cookie */
  open(cookie: string, endpoint: string): Promise<Session | DenyReason>;
}
