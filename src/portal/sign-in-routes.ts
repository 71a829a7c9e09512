import type { Context, Hono } from 'hono';
import type { Decision } from '../auth/decision.ts';
import { header } from '../http/request-head.ts';
import { requestId } from '../http/request-id.ts';
import { safeNext } from '../http/safe-next.ts';
import { endSession } from './end-session.ts';
import { isFormToken, makeFormToken } from './form-token.ts';
import { pageResponse } from './page-response.ts';
import type { PortalParts, WithVisit } from './portal-context.ts';
import { readForm } from './read-form.ts';
import { signedInPage, signInPage } from './sign-in-page.ts';
import type { StartSession } from './sign-in-method.ts';
import { PORTAL_TEXTS } from './texts.ts';
import { nameOf, whoIs, type Visit } from './visit.ts';

const UNAVAILABLE_RETRY_SECONDS = 2;

interface Shown {
  readonly next: string;
  readonly username?: string;
  readonly problem?: string | undefined;
  readonly message?: string | undefined;
  readonly status?: 200 | 400 | 401 | 429 | 503;
}

/** A sign-in method's links, and the site where people sign in. */
function linksOf({ methods }: PortalParts, { endpoint, language }: Visit) {
  const own = methods.flatMap((method) => method.link(endpoint.name) ?? []);
  const { signInUrl } = endpoint;
  return signInUrl === undefined ? own : [...own, { url: signInUrl, label: PORTAL_TEXTS[language].signIn }];
}

function showForm(context: Context, { parts, visit }: { parts: PortalParts; visit: Visit }, shown: Shown) {
  const { endpoint, request, language } = visit;
  const { next, username = '', problem, message, status = 200 } = shown;
  const texts = PORTAL_TEXTS[language];
  const site = parts.site();
  const links = linksOf(parts, visit);
  const form =
    endpoint.passwords === undefined ? undefined : makeFormToken(request, endpoint.name, parts.sessions);
  if (form?.setCookie !== undefined) context.header('set-cookie', form.setCookie, { append: true });
  const fields = form === undefined ? undefined : { token: form.token, username };
  const content = signInPage({ texts, title: site.title, next, problem, message, form: fields, links });
  return pageResponse(context, content, { site, language, status });
}

function basicText(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function textOf(form: Record<string, unknown>, name: string): string {
  const value = form[name];
  return typeof value === 'string' ? value : '';
}

/** The page and the form for passwords. */
export function signInRoutes(
  app: Hono,
  parts: PortalParts,
  {
    visited,
    startSession,
  }: { visited: (handle: WithVisit) => (context: Context) => Promise<Response>; startSession: StartSession },
): void {
  app.get(
    '/_auth/sign-in',
    visited(async (visit, context) => {
      const next = safeNext(context.req.query('next'));
      const texts = PORTAL_TEXTS[visit.language];
      const who = await whoIs(visit);
      if (who.kind === 'allow') {
        const { title } = parts.site();
        const remembered = header(visit.request, 'authorization') !== undefined;
        const content = signedInPage({ texts, title, user: nameOf(who), next, remembered });
        return pageResponse(context, content, { site: parts.site(), language: visit.language });
      }
      const isSignedOut = context.req.query('signed-out') !== undefined;
      const links = linksOf(parts, visit);
      const [only] = links;
      // Nothing to choose.
      if (
        visit.endpoint.passwords === undefined &&
        links.length === 1 &&
        only !== undefined &&
        !isSignedOut
      ) {
        const separator = only.url.includes('?') ? '&' : '?';
        const isOwn = only.url.startsWith('/');
        return context.redirect(
          isOwn ? `${only.url}${separator}next=${encodeURIComponent(next)}` : only.url,
          303,
        );
      }
      return showForm(
        context,
        { parts, visit },
        { next, message: isSignedOut ? texts.signedOut : undefined },
      );
    }),
  );

  app.post(
    '/_auth/sign-in',
    visited(async (visit, context) => {
      const { endpoint, request, language, address } = visit;
      const { passwords } = endpoint;
      if (passwords === undefined) return context.notFound();
      const form = await readForm(context);
      const texts = PORTAL_TEXTS[language];
      const next = safeNext(textOf(form, 'next'));
      const [username, password] = [textOf(form, 'username'), textOf(form, 'password')];
      const show = (shown: Omit<Shown, 'next' | 'username'>): Promise<Response> =>
        showForm(context, { parts, visit }, { next, username: username.slice(0, 200), ...shown });
      if (!isFormToken(textOf(form, 'token'), request, { endpoint: endpoint.name, sessions: parts.sessions }))
        return show({ problem: texts.expiredForm, status: 400 });
      // At the first colon, Basic would end the name.
      const decision: Decision = username.includes(':')
        ? { kind: 'deny', reason: 'user-unknown' }
        : await passwords.authenticate(
            { text: basicText(username, password), ambient: false },
            { address, lookup: undefined },
          );
      if (decision.kind === 'allow')
        return startSession(context, {
          endpoint: endpoint.name,
          identity: decision.identity,
          method: 'BASIC',
          user: username,
          next,
        });
      const seconds = decision.retryAfterSeconds ?? UNAVAILABLE_RETRY_SECONDS;
      if (decision.kind === 'unavailable') {
        context.header('retry-after', String(seconds));
        return show({ problem: texts.busy, status: 503 });
      }
      const { reason } = decision;
      parts.audit({
        event: 'sign-in-refused',
        way: 'page',
        reason,
        endpoint: endpoint.name,
        address,
        requestId: requestId(request),
      });
      if (reason !== 'too-many-failures') return show({ problem: texts.wrong, status: 401 });
      context.header('retry-after', String(seconds));
      return show({ problem: texts.wait(seconds), status: 429 });
    }),
  );
}

/** Ends the session that the browser had before, if any, and starts the new one. */
export function createStartSession(
  parts: PortalParts,
  visitFor: (context: Context) => Visit | undefined,
): StartSession {
  return async (context, { endpoint, identity, user, claims, next, method, credentialEndsAtMs }) => {
    const visit = visitFor(context);
    if (visit?.endpoint.name !== endpoint) throw new Error(`endpoint ${endpoint} is no longer configured`);
    const before = await whoIs(visit);
    if (before.kind === 'allow' && before.session !== undefined)
      await endSession(parts, visit, { who: before, everywhere: false });
    const way = method === 'BASIC' ? 'page' : 'oidc';
    const verified = { identity, user, claims, credentialEndsAtMs, way } as const;
    const cookie = await parts.beginSession(visit.request, visit.endpoint, verified);
    context.header('set-cookie', cookie, { append: true });
    return context.redirect(safeNext(next), 303);
  };
}
