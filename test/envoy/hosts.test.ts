import { hashSync } from '@node-rs/bcrypt';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { h2cRequest } from './h2c-request.ts';
import { startRealGateway, type RealGateway } from './real-service.ts';

let ofA: EchoUpstream;
let ofAll: EchoUpstream;
let gateway: RealGateway;

const ALICE = basic('alice', 'tulip');
const BOB = basic('bob', 'cedar');

const user = (name: string, password: string): string =>
  `{ username: ${name}, password: "${hashSync(password, 4)}" }`;

function endpoint(name: string, domains: string, { upstream, users }: { upstream: number; users: string }) {
  return `
  - name: ${name}
    domains: ${domains}
    upstream: http://127.0.0.1:${upstream}
    multiTenant: true
    publicPaths: [{ path: /open }]
    auth: { method: BASIC, users: [${users}] }`;
}

beforeAll(async () => {
  ofA = await startEchoUpstream();
  ofAll = await startEchoUpstream();
  const config = `endpoints:${endpoint('a', '[a.test, "*.wild.test", "127.0.0.1"]', { upstream: ofA.port, users: user('alice', 'tulip') })}
${endpoint('all', '["*"]', { upstream: ofAll.port, users: user('bob', 'cedar') })}
gateway: { trustedHops: 1 }
service: { listen: "unix:authz.sock" }
admin: { listen: "127.0.0.1:0" }
`;
  gateway = await startRealGateway({ config, ready: [['a.test', ALICE], ['b.test', BOB]] }); // prettier-ignore
});
afterAll(async () => {
  await gateway.stop();
  await ofA.close();
  await ofAll.close();
});

let sent = 0;
/** Each request from another client, so that none waits for the failures of another. */
const from = (): string => `10.${(sent >> 8) % 250}.${sent++ % 250}.7`;

interface Answer {
  readonly status: number | undefined;
  readonly challenged: boolean;
}

/** Sends what is no HTTP, too, and reads no further than the head of the answer. */
function raw(line: string, host: string, authorization?: string): Promise<Answer> {
  const credentials = authorization === undefined ? [] : [`Authorization: ${authorization}`];
  const lines = [line, `Host: ${host}`, ...credentials, `X-Forwarded-For: ${from()}, 10.9.9.9`, '', ''];
  return new Promise((resolve, reject) => {
    let head = '';
    const socket = connect(gateway.envoy.port, '127.0.0.1', () => socket.write(lines.join('\r\n')));
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (head.includes('\r\n\r\n')) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => {
      resolve({ status: Number(head.split(' ')[1]), challenged: /www-authenticate/i.test(head) });
    });
  });
}

const send = {
  'origin-form': (host: string, authorization?: string) => raw('GET /queue HTTP/1.1', host, authorization),
  'absolute-form': (host: string, authorization?: string) =>
    raw(`GET http://${host}/queue HTTP/1.1`, 'other.test', authorization),
  h2c: async (host: string, authorization?: string): Promise<Answer> => {
    const { status, headers } = await h2cRequest(gateway.envoy.port, {
      ':authority': host,
      'x-forwarded-for': `${from()}, 10.9.9.9`,
      ...(authorization === undefined ? {} : { authorization }),
    });
    return { status, challenged: 'www-authenticate' in headers };
  },
};
type Form = keyof typeof send;
const FORMS = Object.keys(send) as Form[];

const HOSTS_OF_A = [
  ...['a.test', 'A.TEST', 'a.Test', 'a.test.', 'A.TEST.', 'a.test:80', 'a.test:8080', 'a.test:65535'],
  ...['a.test.:80', 'x.wild.test', 'x.y.WILD.test:1', 'x.wild.test.', '127.0.0.1', '127.0.0.1:8080'],
];
const HOSTS_OF_ALL = [
  ...['b.test', 'b.test:8080', 'other', 'a.test.evil', 'aa.test', 'a-test', 'wild.test', 'evilwild.test'],
  ...['test', 'localhost:8080', '[::1]', '[::1]:8080', '[2001:db8::1]', '127.0.0.2', 'a-b:8188'],
];
const MALFORMED = [
  ...['a.test:abc', 'a.test:-1', 'a.test:+80', 'a.test:80.', '.:80.', ':80', 'a.test:', 'a.test:0'],
  ...['a.test:080', 'a.test:65536', 'a.test:99999999999999999999', 'a.test:80:80', 'b.test:abc', 'b.test:-1'],
  ...['a.test..', 'a..test', '.a.test', '.', '..', 'a.test:80a', 'a.test:0x50', 'a.test: 80', 'a.test :80'],
  ...['a.test,b.test', 'b.test,a.test', 'a.test b.test'],
  ...['[::1', '::1', '[1::2::3]', '[12345::]', '[]', '[a.test]', '[::1]:abc', '[::1]a.test', '[::1%25lo]'],
  ...['a%2etest', '%61.test', 'a.test%00', '*', '*.wild.test', 'a.t\u00e9st', '\u00e4.test', 'a.test\\b'],
  ...['a.test"', '-a.test', `${'a'.repeat(64)}.test`, `${'a.'.repeat(200)}test`, '_.-'],
];

const reached = () => ({ a: ofA.seen.length, all: ofAll.seen.length });
/** Which upstream a request reached, and what the client was answered. */
async function outcome(form: Form, host: string, authorization?: string) {
  const before = reached();
  const { status, challenged } = await send[form](host, authorization);
  const after = reached();
  return { status, challenged, a: after.a - before.a, all: after.all - before.all };
}

test('there are 60 hosts and more', () => {
  expect(new Set([...HOSTS_OF_A, ...HOSTS_OF_ALL, ...MALFORMED]).size).toBeGreaterThanOrEqual(60);
});

test.each(FORMS)("%s: credentials open their own endpoint's hosts and no others", async (form) => {
  for (const [hosts, own, other, place] of [
    [HOSTS_OF_A, ALICE, BOB, 'a'],
    [HOSTS_OF_ALL, BOB, ALICE, 'all'],
  ] as const) {
    for (const host of hosts) {
      const where = `${form} ${host}`;
      const nowhere = { a: 0, all: 0 };
      expect({ where, ...(await outcome(form, host, own)) }).toEqual({ where, ...nowhere, [place]: 1, status: 200, challenged: false }); // prettier-ignore
      expect({ where, ...(await outcome(form, host)) }).toEqual({ where, ...nowhere, status: 401, challenged: true }); // prettier-ignore
      const refused = await outcome(form, host, other);
      expect({ where, ...refused }).toMatchObject({ where, ...nowhere });
      expect([401, 429], where).toContain(refused.status);
    }
  }
});

async function checksAndHashes(): Promise<string> {
  const text = await (await fetch(`http://127.0.0.1:${gateway.service.adminPort}/metrics`)).text();
  return text.split('\n').filter((line) => /^comfy_tenant_(checks_total|password_hash_seconds_count)/.test(line)).join(); // prettier-ignore
}

test.each(FORMS)('%s: a malformed host gets 400 or 421 without a check', async (form) => {
  const before = await checksAndHashes();
  for (const host of MALFORMED) {
    for (const authorization of [undefined, ALICE, BOB]) {
      const where = `${form} ${host}`;
      const { status, ...rest } = await outcome(form, host, authorization);
      expect({ where, ...rest }).toEqual({ where, challenged: false, a: 0, all: 0 });
      // By HTTP/2, what is no authority at all ends its stream (RFC 9113 §8.1.1).
      expect(form === 'h2c' ? [400, 421, undefined] : [400, 421], where).toContain(status);
    }
  }
  expect(await checksAndHashes()).toBe(before);
});

const USERINFO = ['user@a.test', 'user:secret@a.test', 'b.test@a.test', 'bob:cedar@a.test'];

test.each(USERINFO)('%s is rejected; in absolute form, Envoy drops the part before the @', async (host) => {
  for (const authorization of [undefined, ALICE, BOB]) {
    const found = await outcome('origin-form', host, authorization);
    expect(found).toEqual({ status: 400, challenged: false, a: 0, all: 0 });
    expect(await outcome('h2c', host, authorization)).toMatchObject({ challenged: false, a: 0, all: 0 });
  }
  expect(await outcome('absolute-form', host, BOB)).toMatchObject({ a: 0, all: 0 });
  expect(await outcome('absolute-form', host)).toMatchObject({ status: 401, a: 0, all: 0 });
});

test('several Host headers, or two authorities, never mix two endpoints', async () => {
  const two = await outcome('origin-form', 'a.test\r\nHost: b.test', BOB);
  expect(two).toEqual({ status: 400, challenged: false, a: 0, all: 0 });
  const reversed = await outcome('origin-form', 'b.test\r\nHost: a.test', ALICE);
  expect(reversed).toEqual({ status: 400, challenged: false, a: 0, all: 0 });
  for (const [authority, host, authorization, place] of [
    ['a.test', 'b.test', BOB, 'a'],
    ['b.test', 'a.test', ALICE, 'all'],
  ] as const) {
    const before = reached();
    await h2cRequest(gateway.envoy.port, { ':authority': authority, host, authorization });
    expect(reached(), place).toEqual(before);
  }
});

test('a malformed host gets no public path either', async () => {
  for (const host of ['a.test:abc', 'b.test:-1', 'user@a.test']) {
    const before = reached();
    const { status } = await raw('GET /open HTTP/1.1', host);
    expect({ host, status, ...reached() }).toEqual({ host, status: 400, ...before });
  }
});
