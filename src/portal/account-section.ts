import type { Hono } from 'hono';
import type { Allow } from '../auth/decision.ts';
import type { Html } from './page-response.ts';
import type { PortalParts, Visited } from './portal-context.ts';
import type { Visit } from './visit.ts';

/** A part of the account page with its own routes, such as access tokens. */
export interface AccountSection {
  routes(app: Hono, parts: PortalParts, visited: Visited): void;
  render(visit: Visit, who: Allow): Html;
}
