import type { Log } from '../admin/log.ts';
import type { Audit } from '../auth/audit-event.ts';
import type { Config } from '../config/schema.ts';
import { createOidcMethod, type OidcMethod } from '../oidc/oidc-method.ts';
import type { StartSession } from '../portal/sign-in-method.ts';
import type { Revocations } from '../revocation/revocations.ts';
import { buildOidc } from './build-oidc.ts';
import type { BuiltEndpoints } from './build-endpoints.ts';
import { endProviderSessions } from './end-provider-sessions.ts';
import type { OpenSessions } from './open-sessions.ts';

export interface OpenOidcOptions extends Pick<OpenSessions, 'register' | 'secrets'> {
  readonly config: () => Config;
  readonly built: () => BuiltEndpoints;
  readonly fetch: typeof fetch;
  readonly revocations: Revocations;
  readonly log: Log;
  readonly audit: Audit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Sign-in with OpenID Connect at the endpoints of the current configuration. */
export function openOidc(options: OpenOidcOptions, startSession: StartSession): OidcMethod {
  const { config, built, fetch, register, revocations, log, audit, now } = options;
  const known = new WeakMap<Config, ReturnType<typeof buildOidc>>();

  function current(): ReturnType<typeof buildOidc> {
    const found = known.get(config()) ?? buildOidc(config(), { keyRing: built().keyRing, fetch });
    known.set(config(), found);
    return found;
  }

  return createOidcMethod({
    findEndpoint: (name) => current().get(name),
    port: String(config().gateway.listen.port),
    keys: options.secrets,
    now,
    maxAgeMs: () => config().session.maxAge,
    startSession,
    endSessions: endProviderSessions({ register, revocations, audit }),
    site: () => config().portal,
    onFailure({ endpoint, issuer, requestId, error }) {
      const { problem: reason, message } = error;
      log.warn(
        { endpoint, issuer, requestId, reason, problem: message },
        'sign-in with OpenID Connect failed',
      );
      audit({ event: 'sign-in-refused', way: 'oidc', reason, endpoint, requestId });
    },
  });
}
