import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ENDPOINT_HEADER } from '../http/gateway-headers.ts';
import { requestId } from '../http/request-id.ts';
import { errorPage } from '../pages/error-page.ts';
import type { ErrorKind } from '../pages/error-texts.ts';
import { languageOf } from '../pages/language.ts';
import { accountRoutes } from './account-routes.ts';
import { PORTAL_HEADERS } from './page-response.ts';
import type { PortalParts, WithVisit } from './portal-context.ts';
import { isFromOwnPage } from './same-origin.ts';
import { createStartSession, signInRoutes } from './sign-in-routes.ts';
import type { StartSession } from './sign-in-method.ts';
import { requestOf, visitOf, type Visit } from './visit.ts';

const MAX_BODY = 16 * 1024;
/** Servers send it, not browsers; its token proves where it comes from. */
const FROM_SERVERS = '/_auth/oidc/back-channel-logout';

/** The pages under `/_auth/`. @param addMethods adds routes of sign-in methods, which need `startSession` */
export function createApp(
  parts: Omit<PortalParts, 'methods'>,
  methodsFor: (startSession: StartSession) => PortalParts['methods'],
): Hono {
  const app = new Hono();

  function visitFor(context: Context): Visit | undefined {
    const endpoint = parts.findEndpoint(context.req.header(ENDPOINT_HEADER) ?? '');
    return endpoint === undefined ? undefined : visitOf(context, endpoint, parts.trustedHops);
  }

  function fail(context: Context, kind: ErrorKind, status: ContentfulStatusCode): Response {
    const language = languageOf(context.req.header('accept-language'));
    const id = requestId(requestOf(context)) ?? '-';
    if (context.req.header('accept')?.includes('text/html') !== true)
      return context.json({ error: { code: kind, requestId: id } }, status);
    return context.html(errorPage({ kind, language, site: parts.site() }, id), status);
  }

  /** Envoy's bootstrap may be older than the configuration. */
  const visited =
    (handle: WithVisit) =>
    async (context: Context): Promise<Response> => {
      const visit = visitFor(context);
      return visit === undefined ? fail(context, 'unavailable', 503) : handle(visit, context);
    };

  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(PORTAL_HEADERS)) context.header(name, value);
  });
  app.use(async (context, next) => {
    const isChange = !['GET', 'HEAD'].includes(context.req.method);
    if (isChange && context.req.path !== FROM_SERVERS && !isFromOwnPage(requestOf(context)))
      return fail(context, 'forbidden', 403);
    return next();
  });
  app.use(bodyLimit({ maxSize: MAX_BODY, onError: (context) => fail(context, 'too-large', 413) }));
  app.notFound((context) => fail(context, 'not-found', 404));
  app.onError((error, context) => {
    parts.onError(error);
    return fail(context, 'internal', 500);
  });

  const unfinished = { ...parts, methods: [] };
  const startSession = createStartSession(unfinished, visitFor);
  const all: PortalParts = { ...parts, methods: methodsFor(startSession) };
  signInRoutes(app, all, { visited, startSession });
  accountRoutes(app, all, visited);
  for (const method of all.methods) method.routes(app);
  for (const section of all.sections) section.routes(app, all, visited);
  return app;
}
