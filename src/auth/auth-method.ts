import type { Decision } from './decision.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { Deny } from './decision.ts';

/** What the client sent to say who it is: found, not believed. */
export interface Credentials {
  /** The whole of it, such as the value of `Authorization` or the token. */
  readonly text: string;
  /** Sent by a browser without the page's doing (Basic, cookie), so that a foreign page can make it send them. */
  readonly ambient: boolean;
}

/** Judges credentials of one kind. At once, when it remembers; else later. Throws only on a defect. */
interface Authenticator {
  authenticate(credentials: Credentials, client: Client): Decision | Promise<Decision>;
}

/** Where a request comes from, as far as it can be trusted. */
export interface Client {
  readonly address: string;
  /** Set by the cache of decisions, for the debug log. */
  lookup?: CacheLookup | undefined;
}

/** How a cached decision was found; `shared`: an equal check was already running. */
export type CacheLookup = 'hit' | 'shared' | 'miss';

/** One way to prove who you are, as an endpoint uses it. */
export interface AuthMethod extends Authenticator {
  readonly name: 'BASIC' | 'JWT';
  /** The value of `WWW-Authenticate` (RFC 9110 §11.6.1). */
  readonly challenge: string;
  /** Finds the credentials; a refusal when there are none or when they cannot be read in one way only. */
  find(request: RequestHead): Credentials | Deny;
  /** What carries credentials, and so must not reach ComfyUI. Lower-case header names. */
  readonly credentialLocations: {
    readonly headers: readonly string[];
    readonly cookies: readonly string[];
    readonly query: readonly string[];
  };
}
