import type { Context } from 'hono';
import { html } from 'hono/html';
import type { Allow } from '../auth/decision.ts';
import { isHttps } from '../http/request-head.ts';
import { setSessionCookie } from '../session/session-cookie.ts';
import { endSession } from './end-session.ts';
import { pageResponse } from './page-response.ts';
import type { PortalParts } from './portal-context.ts';
import { readForm } from './read-form.ts';
import { PORTAL_TEXTS } from './texts.ts';
import { whoIs, type Visit } from './visit.ts';

const SIGNED_OUT = '/_auth/sign-in?signed-out';

/** Where the provider ends its own session. */
async function atProvider(parts: PortalParts, context: Context, who: Allow | undefined) {
  const claims = who?.session?.claims;
  if (claims === undefined) return undefined;
  for (const method of parts.methods) {
    const found = await method.signOut?.(context, claims);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Not a redirect: the policy `form-action` of the page with the form would stop it at another origin. */
function toProvider(context: Context, { parts, visit }: { parts: PortalParts; visit: Visit }, url: string) {
  const { language } = visit;
  const texts = PORTAL_TEXTS[language];
  const site = parts.site();
  const content = html`<meta http-equiv="refresh" content="0; url=${url}" />
    <h1>${site.title}</h1>
    <p role="status">${texts.signedOut}</p>
    <p><a class="button" href="${url}">${texts.continueText}</a></p>`;
  return pageResponse(context, content, { site, language });
}

function stillValid(context: Context, { parts, visit }: { parts: PortalParts; visit: Visit }) {
  const { language } = visit;
  const site = parts.site();
  const content = html`<h1>${site.title}</h1>
    <p class="error" role="alert">${PORTAL_TEXTS[language].stillValid}</p>`;
  return pageResponse(context, content, { site, language, status: 503 });
}

async function end(
  parts: PortalParts,
  visit: Visit,
  { who, context }: { who: Allow | undefined; context: Context },
): Promise<boolean> {
  if (who === undefined) return true;
  const form = await readForm(context);
  return endSession(parts, visit, { who, everywhere: form['everywhere'] === '1' });
}

/** Ends the session of a request, here and at the provider, and deletes its cookie. */
export async function signOut(parts: PortalParts, visit: Visit, context: Context): Promise<Response> {
  const decision = await whoIs(visit);
  const who = decision.kind === 'allow' ? decision : undefined;
  const ended = await end(parts, visit, { who, context });
  const removed = setSessionCookie('', isHttps(visit.request), 0);
  const provider = await atProvider(parts, context, who);
  const { url = SIGNED_OUT, cookies = [] } = provider ?? {};
  for (const cookie of [removed, ...cookies]) context.header('set-cookie', cookie, { append: true });
  if (!ended) return stillValid(context, { parts, visit });
  if (context.req.header('accept')?.includes('application/json') === true) return context.json({ url });
  return provider === undefined ? context.redirect(url, 303) : toProvider(context, { parts, visit }, url);
}
