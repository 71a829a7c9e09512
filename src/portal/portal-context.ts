import type { Context, Hono } from 'hono';
import type { Audit } from '../auth/audit-event.ts';
import type { Site } from '../pages/page.ts';
import type { SessionRegister } from '../revocation/session-register.ts';
import type { Revocations } from '../revocation/revocations.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Allow } from '../auth/decision.ts';
import type { Html } from './page-response.ts';
import type { BeginSession } from './begin-session.ts';
import type { FindPortalEndpoint } from './portal-endpoint.ts';
import type { SignInMethod } from './sign-in-method.ts';
import type { Visit } from './visit.ts';

/** What the pages of the portal work with. */
export interface PortalParts {
  readonly findEndpoint: FindPortalEndpoint;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly register: SessionRegister;
  readonly beginSession: BeginSession;
  readonly methods: readonly SignInMethod[];
  readonly sections: readonly AccountSection[];
  /** Title and notice of the current configuration. */
  readonly site: () => Site;
  readonly audit: Audit;
  readonly trustedHops: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Reports a defect; the browser gets a page without details. */
  readonly onError: (error: unknown) => void;
}

/** The request, with the endpoint that Envoy's route names. */
export type WithVisit = (visit: Visit, context: Context) => Response | Promise<Response>;

/** A part of the account page with its own routes, such as access tokens. */
export interface AccountSection {
  routes(app: Hono, parts: PortalParts, visited: Visited): void;
  render(visit: Visit, who: Allow): Html;
}

/** Makes a handler of a route. */
export type Visited = (handle: WithVisit) => (context: Context) => Promise<Response>;
