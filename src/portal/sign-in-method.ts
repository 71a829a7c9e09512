import type { Context, Hono } from 'hono';
import type { Claims } from '../auth/claims.ts';
import type { Identity } from '../auth/decision.ts';

/** A way to sign in besides a password, such as OIDC: its routes under `/_auth/`, and the link to it on the sign-in page. */
export interface SignInMethod {
  routes(app: Hono): void;
  /** @returns undefined if the endpoint does not use it; the page adds `next` to the query of `url` */
  link(endpoint: string): { readonly url: string; readonly label: string } | undefined;
  /** How to end the session at the provider too; undefined if there is nothing to do. */
  signOut?(context: Context, claims: Claims): Promise<ProviderSignOut | undefined>;
}

interface ProviderSignOut {
  /** Where the browser signs out at the provider. */
  readonly url: string;
  /** Values of `Set-Cookie` that remove what was kept for it. */
  readonly cookies: readonly string[];
}

/** Someone whose credentials were verified. */
export interface SignedIn {
  readonly endpoint: string;
  readonly identity: Identity;
  readonly method: 'BASIC' | 'JWT';
  /** BASIC: the user name; JWT: the text of the id claim. */
  readonly user: string;
  /** JWT: all claims; the session keeps those that it needs. */
  readonly claims?: Claims;
  /** Where to go next; made safe here. */
  readonly next: string;
  /** When the session must end, in milliseconds since 1970: with the credentials. */
  readonly credentialEndsAtMs?: number;
}

/** Creates the session, registers and audits it, and redirects to `next`. */
export type StartSession = (context: Context, signedIn: SignedIn) => Promise<Response>;
