import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { AccountTokens, ListedToken, TokenOwner } from '../access-token/account-tokens.ts';
import { DEFAULT_LIFETIME_MS } from '../access-token/edit-access-tokens.ts';
import type { Allow } from '../auth/decision.ts';
import { pageResponse, type Html } from './page-response.ts';
import type { AccountSection, PortalParts } from './portal-context.ts';
import { readForm } from './read-form.ts';
import { PORTAL_TEXTS, type PortalTexts } from './texts.ts';
import { utcTime } from './utc-time.ts';
import { whoIs, type Visit } from './visit.ts';

const DAY_MS = 86_400_000;
const CREATE = '/_auth/access-tokens';
const REVOKE = '/_auth/access-tokens/revoke';
const ACCOUNT = '/_auth/account';

/** Undefined without a session that began with a password or at a provider: what a link or token grants must not outlive it. */
function ownerOf({ endpoint }: Visit, { identity, session }: Allow): TokenOwner | undefined {
  if (session === undefined || session.isLink === true) return undefined;
  const { userId } = identity;
  return {
    endpoint: endpoint.name,
    user: session.user,
    userId,
    claims: session.claims,
    sessionId: session.id,
  };
}

function row(
  texts: PortalTexts,
  { id, name, expiresAtMs, lastUsedAtMs, isRevoked }: ListedToken & { isRevoked: boolean },
): Html {
  const used = lastUsedAtMs === undefined ? texts.neverUsed : utcTime(lastUsedAtMs);
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${isRevoked ? texts.revoked : utcTime(expiresAtMs)}</td>
    <td>${used}</td>
    <td>
      <form method="post" action="${REVOKE}">
        <input type="hidden" name="id" value="${id}" />
        <button class="other" type="submit" aria-label="${texts.revokeToken(name)}">${texts.revoke}</button>
      </form>
    </td>
  </tr>`;
}

function table(texts: PortalTexts, tokens: readonly (ListedToken & { isRevoked: boolean })[]): Html {
  if (tokens.length === 0) return html`<p>${texts.noTokens}</p>`;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${texts.tokenName}</th>
        <th scope="col">${texts.expires}</th>
        <th scope="col">${texts.lastUsed}</th>
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${tokens.map((token) => row(texts, token))}
    </tbody>
  </table>`;
}

function createForm(texts: PortalTexts, name = ''): Html {
  const days = DEFAULT_LIFETIME_MS / DAY_MS;
  return html`<form method="post" action="${CREATE}">
    <label for="token-name">${texts.tokenName}</label>
    <input id="token-name" name="name" value="${name}" required maxlength="60" autocomplete="off" />
    <label for="token-days">${texts.days}</label>
    <input id="token-days" name="days" type="number" min="1" max="3650" value="${days}" required />
    <button type="submit">${texts.createToken}</button>
  </form>`;
}

function textOf(form: Record<string, unknown>, name: string): string {
  const value = form[name];
  return typeof value === 'string' ? value : '';
}

async function ownerAt(visit: Visit): Promise<TokenOwner | undefined> {
  const who = await whoIs(visit);
  return who.kind === 'allow' ? ownerOf(visit, who) : undefined;
}

async function create(tokens: AccountTokens, parts: PortalParts, on: { visit: Visit; context: Context }) {
  const { visit, context } = on;
  const owner = await ownerAt(visit);
  if (owner === undefined) return context.redirect(ACCOUNT, 303);
  const form = await readForm(context);
  const days = textOf(form, 'days');
  const name = textOf(form, 'name').trim();
  const lifetimeMs = /^[0-9]{1,4}$/.test(days) ? Number(days) * DAY_MS : Number.NaN;
  const result = await tokens.create(owner, { name, lifetimeMs });
  const texts = PORTAL_TEXTS[visit.language];
  const back = html`<p><a class="button other" href="${ACCOUNT}">${texts.account}</a></p>`;
  const [content, status] =
    result.kind === 'created'
      ? [
          html`<h1>${texts.tokenCreated}</h1>
            <p>${texts.tokenShownOnce}</p>
            <p><code class="token">${result.text}</code></p>
            ${back}`,
          201 as const,
        ]
      : [
          html`<h1>${texts.accessTokens}</h1>
            <p class="error" role="alert">${result.fault}</p>
            ${createForm(texts, name)} ${back}`,
          400 as const,
        ];
  return pageResponse(context, content, { site: parts.site(), language: visit.language, status });
}

/** Access tokens on the account page: list, create, revoke. */
export function accessTokenSection(tokens: AccountTokens): AccountSection {
  return {
    routes(app, parts, visited) {
      app.post(
        CREATE,
        visited((visit, context) => create(tokens, parts, { visit, context })),
      );
      app.post(
        REVOKE,
        visited(async (visit, context) => {
          const owner = await ownerAt(visit);
          const form = await readForm(context);
          if (owner !== undefined) await tokens.revoke(owner, textOf(form, 'id'));
          return context.redirect(ACCOUNT, 303);
        }),
      );
    },
    render(visit, who) {
      const texts = PORTAL_TEXTS[visit.language];
      const owner = ownerOf(visit, who);
      if (owner === undefined) return raw('');
      const listed = tokens.list(owner).map((one) => ({ ...one, isRevoked: tokens.isRevoked(owner, one) }));
      return html`<h2>${texts.accessTokens}</h2>
        <p>${texts.aboutTokens}</p>
        ${table(texts, listed)} ${createForm(texts)}`;
    },
  };
}
