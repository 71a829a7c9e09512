import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeDenied } from '../../src/ext-authz/check-response.ts';
import { letIn } from './scripted-authz.ts';
import { startStand, type Stand } from './stand.ts';

const MIB = 1_048_576;
let stand: Stand;
beforeAll(async () => {
  stand = await startStand();
});
afterAll(() => stand.stop());

/** The most memory that Envoy ever held, in MiB. */
function peakMemory(): number {
  const status = readFileSync(`/proc/${String(stand.envoy.pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function upload(mebibytes: number): Promise<number> {
  const headers = { host: 'comfy.example.com', 'transfer-encoding': 'chunked' };
  const sent = request({ port: stand.envoy.port, method: 'POST', path: '/upload/image', headers });
  const status = new Promise<number>((resolve, reject) => {
    sent.once('error', reject).once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
  const chunk = Buffer.alloc(MIB);
  await pipeline(Readable.from(Array.from({ length: mebibytes }, () => chunk)), sent).catch(() => undefined);
  return status;
}

test('an upload of 200 MiB arrives whole and is never held in memory', async () => {
  stand.authz.say(() => letIn());
  const before = peakMemory();
  expect(await upload(200)).toBe(200);
  expect(stand.upstream.seen.at(-1)?.bytes).toBe(200 * MIB);
  expect(peakMemory() - before).toBeLessThan(40);
});

test('of an upload that is refused nothing arrives', async () => {
  stand.upstream.seen.length = 0;
  stand.authz.say(() => encodeDenied({ status: 401, headers: [], body: '', metadata: [] }));
  expect(await upload(1)).toBe(401);
  expect(stand.upstream.seen).toEqual([]);
});
