import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import { createAccountTokens } from '../access-token/account-tokens.ts';
import type { Log } from '../admin/log.ts';
import type { Audit } from '../auth/audit-event.ts';
import type { Config } from '../config/schema.ts';
import { accessTokenSection } from '../portal/access-token-section.ts';
import { createApp } from '../portal/create-app.ts';
import type { EndpointParts, BuiltEndpoints } from './build-endpoints.ts';
import { openOidc } from './open-oidc.ts';
import type { OpenSessions } from './open-sessions.ts';

export interface OpenPortalOptions extends EndpointParts, Pick<OpenSessions, 'register' | 'secrets'> {
  readonly log: Log;
  readonly audit: Audit;
  /** The current endpoints. */
  readonly built: () => BuiltEndpoints;
  /** The current configuration. */
  readonly config: () => Config;
}

/** The pages under `/_auth/`, with access tokens on the account page. */
export function openPortal(options: OpenPortalOptions): Hono {
  const { log, built, config, now, audit } = options;
  const tokens = createAccountTokens({
    tokens: options.accessTokens,
    revocations: options.revocations,
    audit,
    now,
    randomBytes,
    maxLifetimeMs: () => config().accessTokens.maxAge,
  });
  return createApp(
    {
      ...options,
      site: () => config().portal,
      trustedHops: config().gateway.trustedHops,
      findEndpoint: (name) => built().findPortalEndpoint(name),
      sections: [accessTokenSection(tokens)],
      onError(error) {
        log.error({ err: error }, 'a page of the portal failed');
      },
    },
    (startSession) => [openOidc(options, startSession)],
  );
}
