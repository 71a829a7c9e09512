import type { Decision } from './decision.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { Deny } from './decision.ts';

/** Credentials as the client sent them, not verified. */
export interface Credentials {
  /** The complete value of `Authorization`, or the token. */
  readonly text: string;
  /** True if browsers attach them automatically (Basic, cookie), so that a cross-site request carries them too. */
  readonly ambient: boolean;
}

/** Verifies credentials of one kind; synchronous if the decision is cached. Throws only on a bug. */
interface Authenticator {
  authenticate(credentials: Credentials, client: Client): Decision | Promise<Decision>;
}

/** The client, as far as its address can be trusted. */
export interface Client {
  readonly address: string;
  /** Set by the cache of decisions, for the debug log. */
  lookup?: CacheLookup | undefined;
}

/** How a cached decision was found; `shared`: an equal check was already running. */
export type CacheLookup = 'hit' | 'shared' | 'miss';

/** An authentication method, configured for one endpoint. */
export interface AuthMethod extends Authenticator {
  readonly name: 'BASIC' | 'JWT';
  /** The value of `WWW-Authenticate` (RFC 9110 §11.6.1). */
  readonly challenge: string;
  /** Extracts the credentials; a denial if they are missing or ambiguous. */
  find(request: RequestHead): Credentials | Deny;
  /** Where clients may send credentials; removed before the request reaches ComfyUI. Header names in lower case. */
  readonly credentialLocations: {
    readonly headers: readonly string[];
    readonly cookies: readonly string[];
    readonly query: readonly string[];
  };
}
