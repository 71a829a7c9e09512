import { hashSync } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { rawRequest } from './raw-request.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';

const HOST = 'comfy.example.com';
let upstream: EchoUpstream;
let gateway: RealGateway;
beforeAll(async () => {
  upstream = await startEchoUpstream();
  const config = `
endpoints:
  - name: studio
    upstream: http://127.0.0.1:${upstream.port}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  gateway = await startRealGateway({ config, ready: [[HOST, basic('alice', 'tulip')]] });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

type Line = Readonly<Record<string, unknown>>;

function parsed(lines: readonly string[]): Line[] {
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

test('the id on the page finds the refusal in the log of the service, in Envoy and in the audit stream', async () => {
  const authorization = `Authorization: ${basic('alice', 'wrong-password')}`;
  const lines = ['GET /queue?token=secret HTTP/1.1', authorization, 'Accept: text/html'];
  const answer = await rawRequest(gateway.envoy.port, {
    lines: [...lines, 'X-Request-Id: chosen-by-client'],
  });
  const [, id = ''] = /<code>([0-9a-f-]{36})<\/code>/.exec(answer.body) ?? [];
  expect(id).not.toBe('');
  const shared = { requestId: id, endpoint: 'studio', address: '127.0.0.1', reason: 'password-wrong' };
  const logged = parsed(gateway.lines).filter(({ requestId }) => requestId === id);
  expect(logged).toMatchObject([
    { ...shared, msg: 'denied', path: '/queue' },
    { ...shared, msg: 'audit', stream: 'audit', event: 'request-refused' },
  ]);
  // Envoy writes its access log every few seconds.
  await expect
    .poll(() => parsed(gateway.envoy.output().split('\n')).find(({ request }) => request === id), {
      timeout: 60_000,
    })
    .toMatchObject({ status: 401, reason: 'password-wrong', client: '127.0.0.1' });
  expect(gateway.lines.join('')).not.toMatch(/alice|wrong-password|secret|chosen-by-client/);
});

test('a request without credentials is in the log, but no audit event', async () => {
  await rawRequest(gateway.envoy.port, { lines: ['GET /first HTTP/1.1'] });
  const logged = parsed(gateway.lines).filter(({ path }) => path === '/first');
  expect(logged).toMatchObject([{ msg: 'denied', reason: 'credentials-missing' }]);
});
