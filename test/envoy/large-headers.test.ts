import { connect as connect2 } from 'node:http2';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { rawRequest } from './raw-request.ts';
import { letIn } from './scripted-authz.ts';
import { aConfig, startStand, type Stand } from './stand.ts';

const HOST = 'comfy.example.com';
const PUBLIC = '    publicPaths: [{ path: /status }]\n';

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({ config: (port) => aConfig(port, PUBLIC) });
});
afterAll(() => stand.stop());
beforeEach(() => {
  stand.upstream.seen.length = 0;
  stand.authz.asked.length = 0;
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}
type Headers = readonly (readonly [string, string])[];

async function byHttp1(headers: Headers, path: string): Promise<Answer> {
  const lines = [`GET ${path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const { status, body } = await rawRequest(stand.envoy.port, { lines, host: HOST });
  return { status, body };
}

/** Several fields of one name are sent as several fields. */
function byName(headers: Headers): Record<string, string | string[]> {
  const names = new Set(headers.map(([name]) => name));
  const valuesOf = (name: string): string[] =>
    headers.filter((one) => one[0] === name).map(([, value]) => value);
  return Object.fromEntries([...names].map((name) => [name, valuesOf(name)]));
}

function byHttp2(headers: Headers, path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const session = connect2(`http://127.0.0.1:${stand.envoy.port}`, { maxSendHeaderBlockLength: 2 ** 22 });
    const answer: { status: number | undefined; body: string } = { status: undefined, body: '' };
    const finish = (): void => {
      session.destroy();
      resolve(answer);
    };
    session.on('error', finish);
    const stream = session.request({ ':path': path, ':authority': HOST, ...byName(headers) });
    stream.on('response', (found) => (answer.status = Number(found[':status'])));
    stream.on('data', (chunk: Buffer) => (answer.body += chunk.toString()));
    stream.on('error', finish);
    stream.on('close', finish);
    stream.end();
  });
}

const count = (number: number): Headers =>
  Array.from({ length: number }, (_, n) => [`x-h${n}`, '1'] as const);
/** As many bytes in all, in headers of 6 KiB. */
const bytes = (total: number): Headers =>
  Array.from({ length: Math.ceil(total / 6144) }, (_, n) => [`x-h${n}`, 'a'.repeat(Math.min(6144, total - n * 6144))] as const); // prettier-ignore

const TOO_LARGE: [string, Headers][] = [
  ['91 headers', count(91)],
  ['95 headers', count(95)],
  ['100 headers', count(100)],
  ['101 headers', count(101)],
  ['500 headers', count(500)],
  ['60 KiB', bytes(60 * 1024)],
  ['61 KiB', bytes(61 * 1024)],
  ['64 KiB', bytes(64 * 1024)],
  ['96 KiB', bytes(96 * 1024)],
  ['200 KiB', bytes(200 * 1024)],
  ['one header of 70 KiB', [['x-large', 'a'.repeat(70 * 1024)]]],
];

describeForms((form, send) => {
  test.each(TOO_LARGE)(`${form}: %s get 431 with our error body, without a check`, async (_, headers) => {
    for (const path of ['/queue', '/status']) {
      const { status, body } = await send(headers, path);
      expect(status).toBe(431);
      expect(JSON.parse(body)).toMatchObject({ error: { code: 'too-large' } });
    }
    expect([...stand.authz.asked, ...stand.upstream.seen]).toEqual([]);
  });

  test(`${form}: many headers of one name pass or get 431, also when the service's headers have no room`, async () => {
    const statuses = new Map<number, number | undefined>();
    for (const number of [94, 500, 980, ...Array.from({ length: 17 }, (_, n) => 985 + n), 1100]) {
      const repeated = Array.from({ length: number }, () => ['x-same', ''] as const);
      statuses.set(number, (await send(repeated, '/queue')).status);
    }
    expect(statuses.get(94)).toBe(200);
    // Beyond the connection's limit, Envoy can only reset a stream of HTTP/2.
    const expected = (number: number): unknown[] =>
      form === 'HTTP/2' && number > 990 ? [431, undefined] : [200, 431];
    expect([...statuses].filter(([number, status]) => !expected(number).includes(status))).toEqual([]);
    expect(statuses.get(995)).toBe(431);
  });

  test(`${form}: a path over 60 KiB gets 431, too`, async () => {
    expect((await send([], `/${'a'.repeat(62 * 1024)}`)).status).toBe(431);
    expect(stand.authz.asked).toEqual([]);
  });

  test.each([
    ['85 headers', count(85)],
    ['90 headers', count(form === 'HTTP/2' ? 90 : 89)],
    ['10 KiB', bytes(10 * 1024)],
  ] as [string, Headers][])(`${form}: %s pass, with what the service adds`, async (_, headers) => {
    const added = Array.from({ length: 20 }, () => 'x-funart-comfy-token');
    stand.authz.say(() => letIn({ headers: [['x-funart-comfy-userid', 'alice'], ['x-funart-comfy-token', added.join('')]] })); // prettier-ignore
    expect((await send(headers, '/queue')).status).toBe(200);
    const names = stand.upstream.seen[0]?.headers.map(([name]) => name);
    for (const [name] of headers) expect(names).toContain(name);
    expect(names?.filter((name) => name.startsWith('x-comfy-tenant'))).toEqual([]);
  });

  test(`${form}: no client can say how large its headers are`, async () => {
    const forged = [['x-comfy-tenant-header-count', '1'], ['x-comfy-tenant-header-bytes', '1']] as const; // prettier-ignore
    expect((await send([...forged, ...count(200)], '/queue')).status).toBe(431);
    const large = [['x-comfy-tenant-header-count', '99999'], ['x-comfy-tenant-header-bytes', '99999']] as const; // prettier-ignore
    expect((await send(large, '/queue')).status).toBe(200);
  });
});

function describeForms(tests: (form: string, send: typeof byHttp1) => void): void {
  tests('HTTP/1.1', byHttp1);
  tests('HTTP/2', byHttp2);
}

test('a path in the log of Envoy is truncated and has no query', async () => {
  await byHttp1([], `/${'long'.repeat(2000)}?token=secret-query`);
  await expect.poll(() => stand.envoy.output()).toContain('longlong');
  const lines = stand.envoy.output().split('\n').filter((line) => line.includes('longlong')); // prettier-ignore
  for (const line of lines) expect(line.length).toBeLessThan(1000);
  expect(lines.join()).not.toContain('secret-query');
});
