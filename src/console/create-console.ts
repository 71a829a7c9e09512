import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { languageOf } from '../pages/language.ts';
import { requestOf } from '../portal/visit.ts';
import type { ConsoleParts } from './console-context.ts';
import { CONSOLE_HEADERS } from './page.ts';
import { pagesOf, showMessage, type Pages } from './pages.ts';
import { refusalOf } from './request-guard.ts';
import { setupRoutes } from './setup-routes.ts';
import { signInRoutes } from './sign-in-routes.ts';
import { CONSOLE_TEXTS } from './texts.ts';

const MAX_BODY = 1024 * 1024;

/** The pages under `/console/`, to be mounted there. @param addPages registers the pages for people who are signed in */
export function createConsole(
  parts: ConsoleParts,
  addPages: readonly ((pages: Pages, parts: ConsoleParts) => void)[],
): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(CONSOLE_HEADERS))
      if (!context.res.headers.has(name)) context.header(name, value);
  });
  app.use(async (context, next) => {
    const request = requestOf(context);
    const refusal = refusalOf(request, parts.isAllowed);
    if (refusal === undefined) return next();
    parts.audit({ event: 'console-refused', reason: refusal, address: request.peerAddress });
    return context.text(
      'forbidden: open the console on the machine of the service, from its own pages\n',
      403,
    );
  });
  const message = (context: Context, text: 'notFound' | 'failed' | 'tooLarge', status: 404 | 413 | 500) => {
    const language = languageOf(context.req.header('accept-language'));
    const texts = CONSOLE_TEXTS[language];
    const visit = {
      request: requestOf(context),
      language,
      texts,
      user: undefined,
      cookie: '',
      formToken: '',
    };
    return showMessage(context, visit, { title: texts.console, message: texts[text], status });
  };
  app.use(bodyLimit({ maxSize: MAX_BODY, onError: (context) => message(context, 'tooLarge', 413) }));
  app.onError((error, context) => {
    parts.onError(error);
    return message(context, 'failed', 500);
  });
  app.get('/', (context) => context.redirect('/console/endpoints', 303));
  setupRoutes(app, parts);
  signInRoutes(app, parts);
  const pages = pagesOf(app, parts);
  for (const add of addPages) add(pages, parts);
  app.all('*', (context) => message(context, 'notFound', 404));
  return app;
}
