import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { basic } from '../support/requests.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { writeCertificate } from './a-certificate.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { HOST } from './portal-gateway.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';
import { aVisitor } from './visitor.ts';

let upstream: EchoUpstream;
let gateway: RealGateway;
let certificate: ReturnType<typeof aDirectory>;
let ca: Buffer;

beforeAll(async () => {
  upstream = await startEchoUpstream();
  certificate = aDirectory();
  ca = writeCertificate(certificate.path);
  const { path } = certificate;
  const config = `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${String(upstream.port)}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
gateway: { tls: { certFile: ${path}/tls.crt, keyFile: ${path}/tls.key } }
service: { listen: "unix:authz.sock" }
admin: { listen: 127.0.0.1:0 }
`;
  gateway = await startRealGateway({ config, preset: 'edge-tls', ready: [] });
  const headers = { authorization: basic('alice', 'tulip') };
  const isReady = async (): Promise<boolean> => (await visitor().visit('/queue', { headers })).status === 200;
  await vi.waitUntil(isReady, { timeout: 60_000, interval: 100 });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
  certificate.remove();
});

const visitor = () => aVisitor(gateway.envoy.port, HOST, ca);

test('over https, people sign in, use ComfyUI and sign out with cookies that only https and this host can set', async () => {
  const alice = visitor();
  const page = await alice.open('/_auth/sign-in?next=%2Fx');
  expect(page.setCookies).toEqual([
    expect.stringMatching(/^__Host-comfy_form=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/),
  ]);
  const done = await alice.signIn('alice', 'tulip', '/x');
  expect([done.status, done.location]).toEqual([303, '/x']);
  expect(done.setCookies).toEqual([
    expect.stringMatching(
      /^__Host-comfy_session=[^;]+; Path=\/; Max-Age=28(800|7..); HttpOnly; SameSite=Lax; Secure$/,
    ),
  ]);
  expect(done.headers['strict-transport-security']).toBeDefined();
  expect((await alice.visit('/queue')).status).toBe(200);
  const { headers = [] } = upstream.seen.filter(({ url }) => url === '/queue').at(-1) ?? {};
  expect(Object.fromEntries(headers)).toMatchObject({ 'x-funart-comfy-userid': 'alice' });
  expect(JSON.stringify(headers)).not.toContain('comfy_session');
  const out = await alice.signOut();
  expect(out.setCookies).toEqual([expect.stringMatching(/^__Host-comfy_session=; Path=\/; Max-Age=0; /)]);
  alice.cookies.set('__Host-comfy_session', /=([^;]*)/.exec(done.setCookies[0] ?? '')?.[1] ?? '');
  expect((await alice.visit('/queue')).status).toBe(401);
});

test('over https, the cookie name of http is worth nothing, and nor is a page of http', async () => {
  const alice = visitor();
  await alice.signIn('alice', 'tulip');
  const plain = visitor();
  plain.cookies.set('comfy_session', alice.cookies.get('__Host-comfy_session') ?? '');
  for (const proto of ['https', 'http']) {
    const answer = await plain.visit('/queue', { headers: { 'x-forwarded-proto': proto } });
    expect(answer.status).toBe(401);
  }
  const headers = { origin: `http://${HOST}` };
  expect((await alice.visit('/_auth/sign-out', { form: {}, headers })).status).toBe(403);
  expect((await alice.visit('/queue')).status).toBe(200);
});
