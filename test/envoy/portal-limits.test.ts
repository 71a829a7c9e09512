import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOST } from './portal-gateway.ts';
import { rawRequest } from './raw-request.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';
import { aVisitor } from './visitor.ts';
import { basic } from '../support/requests.ts';

let upstream: EchoUpstream;
let gateway: RealGateway;
beforeAll(async () => {
  upstream = await startEchoUpstream();
  const user = (name: string, cost: number): string =>
    `{ username: ${name}, password: "${hashSync('tulip', cost)}" }`;
  // The password of slow takes long to hash, so that the queue is full.
  const config = `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${String(upstream.port)}
    multiTenant: true
    auth: { method: BASIC, users: [${user('alice', 4)}, ${user('slow', 13)}] }
service: { listen: "unix:authz.sock", parallelHashes: 1, waitingHashes: 1 }
admin: { listen: 127.0.0.1:0 }
`;
  gateway = await startRealGateway({ config, ready: [[HOST, basic('alice', 'tulip')]] });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const visitor = () => aVisitor(gateway.envoy.port, HOST);

test('while too many passwords are waiting, the page answers 503 with the reason, and keeps what was typed', async () => {
  const answers = await Promise.all(Array.from({ length: 4 }, () => visitor().signIn('slow', 'tulip', '/x')));
  const refused = answers.filter(({ status }) => status !== 303);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers, body } of refused) {
    expect([status, headers['retry-after']]).toEqual([503, '1']);
    expect(body).toContain('Signing in is not possible at the moment. Try again in a few seconds.');
    expect(body).not.toContain('Too many');
    expect(body).toMatch(/name="username"\s+value="slow"/);
    expect(body).toMatch(/name="next"\s+value="\/x"/);
  }
  expect((await visitor().signIn('alice', 'tulip')).status).toBe(303);
});

test('a body that is no form is an empty form: no defect, and a sign-out ends the session', async () => {
  const before = gateway.lines.length;
  const alice = visitor();
  await alice.signIn('alice', 'tulip');
  const session = alice.cookies.get('comfy_session') ?? '';
  const post = (path: string, type: string) => {
    const body = '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nali';
    const head = [
      `POST ${path} HTTP/1.1`,
      `Origin: http://${HOST}`,
      `Cookie: comfy_session=${session}`,
      `Content-Type: ${type}`,
      `Content-Length: ${body.length}`,
    ];
    return rawRequest(gateway.envoy.port, { lines: head, host: HOST, body });
  };
  for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x', 'application/json', 'x']) {
    expect((await post('/_auth/sign-in', type)).status).toBe(400);
    expect((await post('/_auth/access-tokens', type)).status).toBe(400);
    expect((await post('/_auth/access-tokens/revoke', type)).status).toBe(303);
  }
  expect((await post('/_auth/sign-out', 'multipart/form-data')).status).toBe(303);
  expect((await alice.visit('/queue', { headers: { cookie: `comfy_session=${session}` } })).status).toBe(401);
  expect(gateway.lines.slice(before).filter((line) => line.includes('"level":50'))).toEqual([]);
});

test('who has many cookies can sign in: only Envoy limits headers, and with a page', async () => {
  const many = visitor();
  for (let at = 0; at < 80; at += 1) many.cookies.set(`other-${at}`, 'x'.repeat(600));
  expect((await many.signIn('alice', 'tulip')).status).toBe(303);
  for (let at = 0; at < 80; at += 1) many.cookies.set(`more-${at}`, 'x'.repeat(600));
  const refused = await many.open('/_auth/sign-in');
  expect(refused.status).toBe(431);
  expect(refused.body).toContain('<h1>');
});
