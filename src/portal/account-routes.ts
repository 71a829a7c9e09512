import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Allow } from '../auth/decision.ts';
import { pageResponse, type Html } from './page-response.ts';
import type { PortalParts, Visited } from './portal-context.ts';
import { signOut } from './sign-out.ts';
import { utcTime } from './utc-time.ts';
import { PORTAL_TEXTS, type PortalTexts } from './texts.ts';
import { nameOf, whoIs, type Visit } from './visit.ts';

const SIGN_IN = '/_auth/sign-in';

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function sessionPart(texts: PortalTexts, { session }: Allow): Html {
  if (session === undefined) return html`<p>${texts.noSession}</p>`;
  return html`<dl>
    <dt>${texts.since}</dt>
    <dd>${utcTime(session.signedInAtMs)}</dd>
    <dt>${texts.until}</dt>
    <dd>${utcTime(session.expiresAtMs)}</dd>
  </dl>`;
}

function accountPage(parts: PortalParts, visit: Visit, who: Allow): Html {
  const texts = PORTAL_TEXTS[visit.language];
  return html`<h1>${texts.account}</h1>
    <p>${texts.signedInAs(nameOf(who))}</p>
    ${sessionPart(texts, who)}
    <p><a class="button" href="/">${texts.continueText}</a></p>
    <form method="post" action="/_auth/sign-out">
      <button class="other" type="submit">${texts.signOut}</button>
      <button class="other" type="submit" name="everywhere" value="1">${texts.signOutEverywhere}</button>
    </form>
    ${parts.sections.map((section) => section.render(visit, who))}`;
}

function meOf(who: Allow, { endpoint }: Visit) {
  const { session, identity } = who;
  return {
    user: nameOf(who),
    userId: identity.userId,
    endpoint: endpoint.name,
    method: endpoint.method.name,
    operator: identity.operator,
    session: session !== undefined,
    ...(session === undefined
      ? {}
      : { signedInAt: iso(session.signedInAtMs), endsAt: iso(session.endsAtMs) }),
    ...(identity.expiresAtMs === undefined ? {} : { expiresAt: iso(identity.expiresAtMs) }),
  };
}

/** Sign-out, and who is signed in. */
export function accountRoutes(app: Hono, parts: PortalParts, visited: Visited): void {
  app.get('/_auth', (context) => context.redirect('/_auth/account', 303));
  app.post(
    '/_auth/sign-out',
    visited((visit, context) => signOut(parts, visit, context)),
  );
  app.get(
    '/_auth/me',
    visited(async (visit, context) => {
      const who = await whoIs(visit);
      if (who.kind === 'allow') return context.json(meOf(who, visit));
      const isKnown = who.kind === 'deny';
      const error = { code: isKnown ? 'unauthenticated' : 'unavailable' };
      return context.json({ error }, isKnown ? 401 : 503);
    }),
  );
  app.get(
    '/_auth/account',
    visited(async (visit, context) => {
      const who = await whoIs(visit);
      if (who.kind !== 'allow') return context.redirect(SIGN_IN, 303);
      const content = accountPage(parts, visit, who);
      return pageResponse(context, content, { site: parts.site(), language: visit.language });
    }),
  );
}
