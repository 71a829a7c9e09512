import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aKey, aToken } from '../support/tokens.ts';
import { browserAtProvider } from './at-provider.ts';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, HOST, type PortalStand } from './portal-stand.ts';
import { startProvider, type RealProvider } from './real-provider.ts';
import { aScriptedProvider, type ScriptedProvider } from './scripted-provider.ts';

const BACK_CHANNEL = '/_auth/oidc/back-channel-logout';

describe('at a real provider', () => {
  let provider: RealProvider;
  let portal: PortalStand;
  const posted: { readonly url: string; readonly status: number }[] = [];
  beforeAll(async () => {
    const client = {
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [`https://${HOST}/_auth/oidc/signed-out`],
      backchannel_logout_uri: `https://${HOST}${BACK_CHANNEL}`,
      backchannel_logout_session_required: true,
    };
    provider = await startProvider(client, {
      async fetch(to, options) {
        const { href: url } = new URL(to instanceof Request ? to.url : to);
        const form = Object.fromEntries(options?.body as URLSearchParams);
        const response = await portal.send(new CookieJar(), url, { form });
        posted.push({ url, status: response.status });
        return response;
      },
    });
    portal = aPortal(anEndpoint([anIssuerEntry(provider.issuer)]));
  });
  afterAll(async () => {
    portal.close();
    await provider.stop();
  });

  test('who signs out here signs out there, and the provider ends the session here', async () => {
    const [jar, browser] = [new CookieJar(), browserAtProvider()];
    await portal.send(jar, await browser.signIn(await portal.start(jar)));
    const claims = portal.signedIn[0]?.claims ?? {};
    portal.signOut.claims = claims;
    const response = await portal.send(jar, '/_auth/sign-out', { form: {} });
    const { url, cookies } = (await response.json()) as { url: string; cookies: string[] };
    expect(cookies.join()).toContain('comfy_oidc_hint=; ');
    expect(new URL(url).searchParams.get('id_token_hint')).toMatch(/^ey/);

    const asked = await browser.follow(url);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.page)?.[1] ?? '';
    const back = await browser.follow(`${provider.issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
    expect(back.url).toBe(`https://${HOST}/_auth/oidc/signed-out`);
    expect((await portal.send(jar, back.url)).status).toBe(200);

    expect(posted).toEqual([{ url: `https://${HOST}${BACK_CHANNEL}`, status: 200 }]);
    const { issuer } = provider;
    expect(portal.ended).toMatchObject([{ endpoint: 'studio', issuer, sid: claims['sid'] }]);
    const again = await browser.follow(await portal.start(new CookieJar()));
    expect(again.page).toContain('name="login"');
  });

  test('the token for signing out is not sent for another person', async () => {
    const jar = new CookieJar();
    await portal.send(jar, await browserAtProvider().signIn(await portal.start(jar)));
    portal.signOut.claims = { iss: provider.issuer, sub: 'bob' };
    const response = await portal.send(jar, '/_auth/sign-out', { form: {} });
    const { url } = (await response.json()) as { url: string };
    expect(new URL(url).searchParams.has('id_token_hint')).toBe(false);
    expect(new URL(url).searchParams.get('client_id')).toBe('comfy');
  });
});

describe('a logout token', () => {
  let provider: ScriptedProvider;
  let portal: PortalStand;
  beforeAll(async () => {
    provider = await aScriptedProvider();
  });
  afterAll(() => provider.stop());
  beforeEach(() => {
    const rules = 'requiredClaims: { email_verified: true }';
    portal = aPortal(anEndpoint([anIssuerEntry(provider.issuer, { rules })]));
  });
  afterEach(() => {
    portal.close();
  });

  const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
  const now = (): number => Math.floor(Date.now() / 1000);
  const aLogoutToken = (
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = { typ: 'logout+jwt' },
  ): Promise<string> => {
    const about = { iss: provider.issuer, aud: 'comfy', jti: 'one', events: { [EVENT]: {} } };
    return aToken(provider.key, { ...about, ...claims }, header);
  };
  const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    portal.send(new CookieJar(), BACK_CHANNEL, { form, headers });

  test('ends the sessions that it names', async () => {
    const earliestMs = now() * 1000;
    const response = await post({ logout_token: await aLogoutToken({ sid: 'session' }) });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toBe('');
    expect(portal.ended).toMatchObject([{ endpoint: 'studio', subject: 'alice', sid: 'session' }]);
    expect(portal.ended[0]?.issuedAtMs).toBeGreaterThanOrEqual(earliestMs);
  });

  test.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['of another issuer', { iss: 'https://evil.example.com' }],
    ['for another client', { aud: 'other' }],
    ['for the API', { aud: 'api' }],
    ['without iat', { iat: undefined }],
    ['that is an hour old', { iat: now() - 3600, exp: now() + 3600 }],
    ['from the future', { iat: now() + 3600, exp: now() + 7200 }],
    ['that has expired', { exp: now() - 60 }],
    ['without an end', { exp: undefined }],
    ['without jti', { jti: undefined }],
    ['without events', { events: undefined }],
    ['with another event', { events: { 'https://example.com/event': {} } }],
    ['with an event that is no object', { events: { [EVENT]: true } }],
    ['with a nonce', { nonce: 'x' }],
    ['without sub and sid', { sub: undefined }],
    ['with a sid that is no text', { sid: 5 }],
    ['that says it is an access token', {}, { typ: 'at+jwt' }],
  ])('%s is refused', async (_, claims, header) => {
    const response = await post({ logout_token: await aLogoutToken(claims, header) });
    expect(response.status).toBe(400);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ error: 'invalid_request' });
    expect(portal.ended).toEqual([]);
  });

  test('with the signature of another key is refused', async () => {
    const claims = { iss: provider.issuer, aud: 'comfy', jti: 'x', events: { [EVENT]: {} } };
    const token = await aToken(await aKey('RS256'), claims);
    expect((await post({ logout_token: token })).status).toBe(400);
    expect(portal.ended).toEqual([]);
  });

  test('works once', async () => {
    const logout_token = await aLogoutToken();
    expect((await post({ logout_token })).status).toBe(200);
    expect((await post({ logout_token })).status).toBe(400);
    expect(portal.ended).toHaveLength(1);
  });

  test('works again if the sessions could not be ended', async () => {
    const logout_token = await aLogoutToken();
    portal.trouble.ofSessions = new Error('the disk is full');
    expect((await post({ logout_token })).status).toBe(503);
    delete portal.trouble.ofSessions;
    expect((await post({ logout_token })).status).toBe(200);
  });

  test.each([
    ['JSON', { 'content-type': 'application/json' }],
    ['of no type', { 'content-type': '' }],
  ])('in a body that is %s is refused', async (_, headers) => {
    expect((await post({ logout_token: await aLogoutToken() }, headers)).status).toBe(400);
  });

  test.each<[string, Record<string, string>]>([
    ['missing', {}],
    ['no token', { logout_token: 'x' }],
    ['huge', { logout_token: 'x'.repeat(100_000) }],
  ])('that is %s is refused', async (_, form) => {
    expect((await post(form)).status).toBe(400);
  });

  test('is refused at another endpoint', async () => {
    const form = { logout_token: await aLogoutToken() };
    const response = await portal.send(new CookieJar(), BACK_CHANNEL, { form, endpoint: 'other' });
    expect([response.status, portal.ended]).toEqual([400, []]);
  });
});
