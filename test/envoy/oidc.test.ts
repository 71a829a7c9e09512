import { afterAll, beforeAll, expect, test } from 'vitest';
import { aToken } from '../support/tokens.ts';
import { browserAtProvider } from '../oidc/at-provider.ts';
import { startProvider, type RealProvider } from '../oidc/real-provider.ts';
import { aScriptedProvider, type ScriptedProvider } from '../oidc/scripted-provider.ts';
import { startEchoUpstream } from './echo-upstream.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';
import { aVisitor } from './visitor.ts';

/** One endpoint per provider: a real one, and one whose tokens the test signs. */
const HOSTS = { real: 'real.example.com', scripted: 'scripted.example.com' };
const callback = (host: string): string => `http://${host}/_auth/oidc/callback`;

let real: RealProvider;
let scripted: ScriptedProvider;
let upstream: Awaited<ReturnType<typeof startEchoUpstream>>;
let gateway: RealGateway;

function endpoint(name: string, issuer: string): string {
  const client = `{ clientId: comfy, clientSecret: secret of the client, redirectUri: "${callback(`${name}.example.com`)}" }`;
  return `
  - name: ${name}
    domains: [${name}.example.com]
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - issuer: "${issuer}"
          audience: api
          userIdPrefix: ${name}
          jwks: { discover: true, allowHttp: true, cooldown: 1s }
          signIn: { oidc: ${client} }
      claimTransformations: [{ location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }]`;
}

beforeAll(async () => {
  real = await startProvider({
    redirect_uris: [callback(HOSTS.real)],
    post_logout_redirect_uris: [`http://${HOSTS.real}/_auth/oidc/signed-out`],
  });
  scripted = await aScriptedProvider();
  upstream = await startEchoUpstream();
  const endpoints = endpoint('real', real.issuer) + endpoint('scripted', scripted.issuer);
  gateway = await startRealGateway({
    config: `endpoints:${endpoints}\nservice: { listen: "unix:authz.sock" }\nadmin: { listen: 127.0.0.1:0 }\n`,
    ready: [[HOSTS.scripted, `Bearer ${await aToken(scripted.key, { iss: scripted.issuer, aud: 'api' })}`]],
  });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  await real.stop();
  await scripted.stop();
});

const last = () =>
  Object.fromEntries(upstream.seen.filter(({ url }) => url !== '/_tenant/close').at(-1)?.headers ?? []);

test('a person signs in at a real provider, works as themselves, and signs out at both', async () => {
  const visitor = aVisitor(gateway.envoy.port, HOSTS.real);
  const opened = await visitor.open('/?workflow=cat');
  expect(opened.location).toBe('/_auth/sign-in?next=%2F%3Fworkflow%3Dcat');
  const page = await visitor.open(opened.location ?? '');
  const start = await visitor.open(page.location ?? '');
  expect(start.location).toContain(`${real.issuer}/auth?`);
  const back = new URL(await browserAtProvider().signIn(start.location ?? '', 'alice'));
  const done = await visitor.open(back.pathname + back.search);
  expect([done.status, done.location]).toEqual([303, '/?workflow=cat']);

  expect((await visitor.open('/?workflow=cat')).body).toBe('reached ComfyUI');
  expect(last()['x-funart-comfy-userid']).toBe('real~alice');
  expect(last()['cookie']).toBeUndefined();
  const copied = new Map(visitor.cookies);
  const out = await visitor.visit('/_auth/sign-out', { form: {}, headers: { accept: 'application/json' } });
  expect((JSON.parse(out.body) as { url: string }).url).toContain(`${real.issuer}/session/end?`);
  for (const [name, value] of copied) visitor.cookies.set(name, value);
  expect((await visitor.visit('/queue')).status).toBe(401);
});

async function signedIn() {
  const visitor = aVisitor(gateway.envoy.port, HOSTS.scripted);
  const start = new URL((await visitor.open('/_auth/oidc/start')).location ?? '');
  scripted.state.nonce = start.searchParams.get('nonce') ?? '';
  const state = encodeURIComponent(start.searchParams.get('state') ?? '');
  expect((await visitor.open(`/_auth/oidc/callback?code=c&state=${state}`)).status).toBe(303);
  return visitor;
}

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function logOut(claims: Record<string, unknown>): Promise<number> {
  const about = { iss: scripted.issuer, aud: 'comfy', events: EVENTS, jti: crypto.randomUUID(), ...claims };
  const token = await aToken(scripted.key, about, { typ: 'logout+jwt' });
  const provider = aVisitor(gateway.envoy.port, HOSTS.scripted);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = { logout_token: token };
  return (await provider.visit('/_auth/oidc/back-channel-logout', { form: body, headers })).status;
}

test('the provider ends one session, or all of a person, and nothing else', async () => {
  scripted.state.claims = { sid: 'one' };
  const one = await signedIn();
  scripted.state.claims = { sid: 'two' };
  const two = await signedIn();
  scripted.state.claims = { sub: 'bob', sid: 'three' };
  const bob = await signedIn();
  const statuses = async () => {
    const all = await Promise.all([one, two, bob].map((each) => each.visit('/queue')));
    return all.map(({ status }) => status);
  };
  expect(await statuses()).toEqual([200, 200, 200]);
  expect(await logOut({ sub: 'alice', sid: 'three' })).toBe(200);
  expect(await statuses()).toEqual([200, 200, 200]);
  expect(await logOut({ sub: undefined, sid: 'one' })).toBe(200);
  expect(await statuses()).toEqual([401, 200, 200]);
  expect(await logOut({ sub: 'alice' })).toBe(200);
  expect(await statuses()).toEqual([401, 401, 200]);
});

test('an ID token is not a bearer token for the API, and the other way round', async () => {
  const visitor = aVisitor(gateway.envoy.port, HOSTS.scripted);
  const idToken = await aToken(scripted.key, { iss: scripted.issuer, aud: 'comfy' });
  const headers = { authorization: `Bearer ${idToken}` };
  expect((await visitor.visit('/queue', { headers })).status).toBe(401);
  scripted.state.claims = { aud: 'api' };
  const start = new URL((await visitor.open('/_auth/oidc/start')).location ?? '');
  scripted.state.nonce = start.searchParams.get('nonce') ?? '';
  const state = encodeURIComponent(start.searchParams.get('state') ?? '');
  expect((await visitor.open(`/_auth/oidc/callback?code=c&state=${state}`)).status).toBe(502);
  expect(visitor.cookies.has('comfy_session')).toBe(false);
});
