import type { Context, Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { Allow } from '../auth/decision.ts';
import { pageResponse, type Html } from './page-response.ts';
import type { PortalParts, WithVisit } from './portal-context.ts';
import { signOut } from './sign-out.ts';
import { PORTAL_TEXTS, type PortalTexts } from './texts.ts';
import { nameOf, whoIs, type Visit } from './visit.ts';

const SIGN_IN = '/_auth/sign-in';

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function time(ms: number): Html {
  return html`<time datetime="${iso(ms)}">${iso(ms).slice(0, 16).replace('T', ' ')} UTC</time>`;
}

function sessionPart(texts: PortalTexts, { session }: Allow): Html {
  if (session === undefined) return html`<p>${texts.noSession}</p>`;
  return html`<dl>
    <dt>${texts.since}</dt>
    <dd>${time(session.signedInAtMs)}</dd>
    <dt>${texts.until}</dt>
    <dd>${time(session.expiresAtMs)}</dd>
  </dl>`;
}

async function accountPage(parts: PortalParts, { language, endpoint }: Visit, who: Allow): Promise<Html> {
  const texts = PORTAL_TEXTS[language];
  const about = { endpoint: endpoint.name, identity: who.identity, language };
  const sections = await Promise.all(parts.sections.map((section) => section.render(about)));
  return html`<h1>${texts.account}</h1>
    <p>${texts.signedInAs(nameOf(who))}</p>
    ${sessionPart(texts, who)}
    <p><a class="button" href="/">${texts.continueText}</a></p>
    <form method="post" action="/_auth/sign-out">
      <button class="other" type="submit">${texts.signOut}</button>
      <button class="other" type="submit" name="everywhere" value="1">${texts.signOutEverywhere}</button>
    </form>
    ${raw(sections.join(''))}`;
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
export function accountRoutes(
  app: Hono,
  parts: PortalParts,
  visited: (handle: WithVisit) => (context: Context) => Promise<Response>,
): void {
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
      const content = await accountPage(parts, visit, who);
      return pageResponse(context, content, { site: parts.site(), language: visit.language });
    }),
  );
}
