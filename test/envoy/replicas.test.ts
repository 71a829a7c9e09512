import { hashSync } from '@node-rs/bcrypt';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startService } from '../../src/service/service.ts';
import { rotateSessionKeys } from '../../src/session/rotate-session-keys.ts';
import { basic } from '../support/requests.ts';
import { aDirectory } from '../support/temp-dir.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { HOST } from './portal-gateway.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';
import { aVisitor } from './visitor.ts';

let shared: ReturnType<typeof aDirectory>;
let upstream: EchoUpstream;
let one: RealGateway;
let other: RealGateway;

beforeAll(async () => {
  shared = aDirectory();
  upstream = await startEchoUpstream();
  const config = `
endpoints:
  - name: studio
    domains: [${HOST}]
    upstream: http://127.0.0.1:${String(upstream.port)}
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${hashSync('tulip', 4)}" }] }
service: { listen: "unix:authz.sock" }
admin: { listen: 127.0.0.1:0 }
comfyui: { tokenKeyFile: ${shared.path}/token.jwk }
`;
  const ready = [[HOST, basic('alice', 'tulip')]] as const;
  [one, other] = await Promise.all([
    startRealGateway({ config, ready }),
    startRealGateway({ config, ready }),
  ]);
});
afterAll(async () => {
  await one.stop();
  await other.stop();
  await upstream.close();
  shared.remove();
});

type Visitor = ReturnType<typeof aVisitor>;
const visitorAt = ({ envoy }: RealGateway): Visitor => aVisitor(envoy.port, HOST);

/** The same browser, after the load balancer has chosen another replica. */
function movedTo(gateway: RealGateway, { cookies }: Visitor): Visitor {
  const moved = visitorAt(gateway);
  for (const [name, value] of cookies) moved.cookies.set(name, value);
  return moved;
}

async function signedIn(gateway = one): Promise<Visitor> {
  const alice = visitorAt(gateway);
  expect((await alice.signIn('alice', 'tulip')).status).toBe(303);
  return alice;
}

const statusOf = async (visitor: Visitor): Promise<number> => (await visitor.visit('/queue')).status;

/** Replicas notice changes of the files within a second; busy machines are slower. */
const soon = (visitor: Visitor, status: number): Promise<void> =>
  vi.waitFor(async () => { expect(await statusOf(visitor)).toBe(status); }, { timeout: 30_000, interval: 100 }); // prettier-ignore

test('a replica accepts the forms and sessions of another, and ends them for both', async () => {
  const form = visitorAt(one);
  const page = await form.open('/_auth/sign-in');
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const alice = movedTo(other, form);
  const sent = { token, username: 'alice', password: 'tulip', next: '/' };
  expect((await alice.visit('/_auth/sign-in', { form: sent })).status).toBe(303);
  const atOne = movedTo(one, alice);
  const atOther = movedTo(other, alice);
  expect([await statusOf(atOne), await statusOf(atOther)]).toEqual([200, 200]);
  await alice.signOut();
  expect(await statusOf(atOther)).toBe(401);
  await soon(atOne, 401);
});

test('signing out everywhere ends sessions and access tokens at every replica', async () => {
  const [here, there] = [await signedIn(one), await signedIn(other)];
  const made = await here.visit('/_auth/access-tokens', { form: { name: 'program', days: '1' } });
  const authorization = `Bearer ${/ct_[A-Za-z0-9_-]+/.exec(made.body)?.[0] ?? 'none'}`;
  const asProgram = (gateway: RealGateway): Visitor => {
    const program = visitorAt(gateway);
    const visit = (path: string) => visitorAt(gateway).visit(path, { headers: { authorization } });
    return { ...program, visit };
  };
  await soon(asProgram(other), 200);
  await here.signOut({ everywhere: '1' });
  await soon(there, 401);
  await soon(asProgram(other), 401);
  expect(await statusOf(asProgram(one))).toBe(401);
  expect(await statusOf(await signedIn(other))).toBe(200);
});

test('a live session survives a rotation of the keys and a restart; what was revoked stays revoked', async () => {
  const [alice, gone] = [await signedIn(), await signedIn()];
  const copy = movedTo(one, gone);
  await gone.signOut();
  rotateSessionKeys(`${shared.path}/session.keys`);
  const isNew = async (): Promise<void> => {
    const fresh = await signedIn(one);
    expect(await statusOf(movedTo(other, fresh))).toBe(200);
    const [header = ''] = fresh.cookies.get('comfy_session')?.split('.') ?? [];
    expect(alice.cookies.get('comfy_session')?.split('.')[0]).not.toBe(header);
  };
  await vi.waitFor(isNew, { timeout: 30_000, interval: 300 });
  expect(await statusOf(alice)).toBe(200);
  await one.service.close();
  const again = await startService({
    config: one.config,
    revision: 'again',
    log: pino({}, { write: () => undefined }),
  });
  await soon(alice, 200);
  expect(await statusOf(copy)).toBe(401);
  await again.close();
});
