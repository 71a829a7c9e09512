import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, HOST, type PortalStand } from './portal-stand.ts';
import { aScriptedProvider, type ScriptedProvider } from './scripted-provider.ts';

let honest: ScriptedProvider;
let evil: ScriptedProvider;
let portal: PortalStand;
let jar: CookieJar;

const client = (name: string): string =>
  `label: "Sign in with <${name}>", redirectUri: "https://${HOST}/_auth/oidc/callback/${name}"`;

beforeAll(async () => {
  [honest, evil] = await Promise.all([aScriptedProvider(), aScriptedProvider()]);
  const issuers = [
    anIssuerEntry(honest.issuer, { oidc: client('honest') }),
    anIssuerEntry(evil.issuer, { oidc: client('evil'), rules: 'userIdPrefix: evil' }),
  ];
  portal = aPortal(anEndpoint(issuers));
});
afterAll(async () => {
  portal.close();
  await Promise.all([honest.stop(), evil.stop()]);
});
beforeEach(() => {
  jar = new CookieJar();
  portal.signedIn.length = 0;
  portal.failures.length = 0;
  honest.reset();
  evil.reset();
});

const chosen = ({ issuer }: ScriptedProvider): string => `?iss=${encodeURIComponent(issuer)}`;

/** What the browser brings back, to the callback of `to`, after a sign-in that began at `provider`. */
async function comeBack(provider: ScriptedProvider, to: string): Promise<Response> {
  const { searchParams } = new URL(await portal.start(jar, chosen(provider)));
  provider.state.nonce = searchParams.get('nonce') ?? '';
  const state = searchParams.get('state') ?? '';
  return portal.send(jar, `${CALLBACK}${to}?${new URLSearchParams({ code: 'the-code', state }).toString()}`);
}

test('each provider has its own callback, and its own prefix of user ids', async () => {
  expect((await comeBack(honest, '/honest')).status).toBe(303);
  expect((await comeBack(evil, '/evil')).status).toBe(303);
  expect(portal.signedIn.map(({ identity }) => identity.userId)).toEqual(['alice', 'evil~alice']);
});

test('a provider never gets the code of another (mix-up)', async () => {
  // The evil provider sent the browser on to the honest one, with the state of its own sign-in.
  for (const to of ['/honest', '']) {
    const response = await comeBack(evil, to);
    expect([response.status, portal.problem()]).toEqual([400, 'transaction-missing']);
  }
  expect(portal.signedIn).toEqual([]);
  expect(evil.state.asked).not.toContain('/token');
});

test('people choose a provider by its label', async () => {
  const response = await portal.send(jar, '/_auth/oidc/start?next=/queue&prompt=login');
  const page = await response.text();
  expect([response.status, jar.cookies.size]).toEqual([200, 0]);
  for (const { issuer } of [honest, evil])
    expect(page).toContain(
      `href="/_auth/oidc/start?iss=${encodeURIComponent(issuer)}&amp;next=%2Fqueue&amp;prompt=login"`,
    );
  expect(page).toContain('Sign in with &lt;evil&gt;');
  expect(portal.method.link('studio')?.url).toBe('/_auth/oidc/start');
});

test('an issuer that the endpoint does not have is not found, and is not in the log', async () => {
  const response = await portal.send(jar, '/_auth/oidc/start?iss=https%3A%2F%2Fother.example.com');
  expect([response.status, portal.problem()]).toEqual([404, 'not-configured']);
  expect(portal.failures[0]?.issuer).toBeUndefined();
});

test('a browser at another address of the endpoint first goes to the address that it comes back to', async () => {
  const visit = { host: 'elsewhere.example.com' };
  const moved = await portal.start(jar, `${chosen(honest)}&next=/queue`, visit);
  expect(new URL(moved).origin).toBe(`https://${HOST}`);
  expect(jar.cookies.size).toBe(0);
  expect(await portal.start(jar, new URL(moved).search)).toContain(`${honest.issuer}/authorize?`);

  const response = await portal.send(jar, moved, visit);
  expect([response.status, portal.problem()]).toEqual([421, 'address-unknown']);
});

test('a browser on http goes to https once, because a proxy may not say that it uses https', async () => {
  const visit = { scheme: 'http' } as const;
  const moved = await portal.start(jar, chosen(honest), visit);
  expect(moved).toMatch(new RegExp(`^https://${HOST}/_auth/oidc/start\\?`));
  expect(await portal.start(jar, new URL(moved).search, visit)).toContain(`${honest.issuer}/authorize?`);
});
