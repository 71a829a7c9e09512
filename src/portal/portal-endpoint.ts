import type { AuthMethod } from '../auth/auth-method.ts';
import type { SessionLimits } from '../session/session.ts';
import type { SessionSource } from '../session/session-source.ts';

/** What the portal knows about an endpoint of the current configuration. */
export interface PortalEndpoint {
  readonly name: string;
  /** Verifies whatever a request carries: session, token or password. */
  readonly method: AuthMethod;
  /** Verifies the user names and passwords of the sign-in page; undefined if it asks for none. */
  readonly passwords?: AuthMethod | undefined;
  /** Another site where people sign in, without a placeholder. */
  readonly signInUrl?: string | undefined;
  readonly source: SessionSource;
  readonly limits: SessionLimits;
}

export type FindPortalEndpoint = (name: string) => PortalEndpoint | undefined;
