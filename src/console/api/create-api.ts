import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { requestOf } from '../../portal/visit.ts';
import type { ConsoleParts } from '../console-context.ts';
import type { ConsoleUser } from '../console-sessions.ts';
import { apiRefusalOf } from '../request-guard.ts';
import { CONFIGURATION_OPERATIONS } from './configuration-operations.ts';
import { createFindCaller } from './caller.ts';
import { ENDPOINT_OPERATIONS } from './endpoint-operations.ts';
import { openApi } from './openapi.ts';
import { ApiProblem, type Operation } from './operation.ts';
import { refuse, type Refused } from './refuse.ts';
import { STATUS_OPERATIONS } from './status-operations.ts';
import { validated } from './validated.ts';

const OPERATIONS: readonly Operation[] = [
  ...STATUS_OPERATIONS,
  ...CONFIGURATION_OPERATIONS,
  ...ENDPOINT_OPERATIONS,
];
const MAX_BODY = 2 * 1024 * 1024;

async function answer(
  context: Context,
  one: Operation,
  { parts, user }: { readonly parts: ConsoleParts; readonly user: ConsoleUser },
): Promise<Response> {
  const address = requestOf(context).peerAddress;
  if (one.role === 'administrator' && user.role !== 'administrator') {
    parts.audit({ event: 'console-refused', user: user.name, reason: 'role', address });
    return refuse(context, { status: 403, detail: 'only administrators may do this' });
  }
  const given = await validated(context, one);
  if ('status' in given) return refuse(context, given);
  try {
    return context.json(one.result.parse(await one.run(given, { user, address, parts })) as object);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const { status, message: detail, errors } = error;
    return refuse(context, { status, detail, errors });
  }
}

function register(app: Hono, parts: ConsoleParts): void {
  const findCaller = createFindCaller(parts);
  for (const path of new Set(OPERATIONS.map((one) => one.path))) {
    const operations = OPERATIONS.filter((one) => one.path === path);
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const one of operations)
      app.on(one.method.toUpperCase(), route, async (context) => {
        const user = await findCaller(context);
        return user instanceof Response ? user : answer(context, one, { parts, user });
      });
    const allow = operations.map(({ method }) => method.toUpperCase()).join(', ');
    app.all(route, (context) => {
      context.header('allow', allow);
      return refuse(context, { status: 405, detail: `use ${allow}` });
    });
  }
}

/** The console for programs, as JSON, to be mounted at `/api/v1`. */
export function createApi(parts: ConsoleParts): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    const request = requestOf(context);
    const refusal = apiRefusalOf(request, parts.isAllowed);
    context.header('cache-control', 'no-store');
    context.header('x-content-type-options', 'nosniff');
    if (refusal === undefined) return next();
    parts.audit({ event: 'console-refused', reason: refusal, address: request.peerAddress });
    return refuse(context, {
      status: 403,
      detail: 'ask from the machine of the service, and not from other web pages',
    });
  });
  const tooLarge: Refused = { status: 413, detail: 'the body may have 2 MiB at most' };
  app.use(bodyLimit({ maxSize: MAX_BODY, onError: (context) => refuse(context, tooLarge) }));
  app.onError((error, context) => {
    parts.onError(error);
    return refuse(context, {
      status: 500,
      detail: 'this failed because of a defect; the log has the details',
    });
  });
  app.get('/openapi.json', (context) => context.json(openApi(OPERATIONS)));
  register(app, parts);
  app.all('*', (context) => refuse(context, { status: 404, detail: 'see /api/v1/openapi.json' }));
  return app;
}
