import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { startDemo, type Demo } from './demo.ts';

const MB = 1024 * 1024;
const UPLOAD_MB = 200;
/** What a process may grow by while 200 MB pass: buffers, not the body. */
const FLAT_MB = 60;

let demo: Demo;
beforeAll(async () => {
  // ComfyUI itself takes 100 MB when it is not told otherwise.
  demo = await startDemo({ COMFYUI_ARGS: '--max-upload-size 300' });
});
afterAll(() => demo.stop());

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** The Envoy that the demo started: its child with the demo's bootstrap. */
function envoyPid(): number {
  const children = readFileSync(`/proc/${demo.pid}/task/${demo.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(demo.folder, 'envoy', 'envoy.yaml')),
  );
  if (found === undefined) throw new Error('the demo has no Envoy');
  return found;
}

/** Sends an image of that size in pieces, as a browser does; `watch` is called between them. */
function upload(megabytes: number, watch: () => void): Promise<number> {
  const boundary = 'piece-of-a-form';
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="big.png"\r\ncontent-type: image/png\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const length = Buffer.byteLength(head) + megabytes * MB + Buffer.byteLength(tail);
  const headers = {
    authorization: basic('alice', demo.passwords.alice),
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': length,
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL('/upload/image', demo.url), { method: 'POST', headers }, (response) => {
      response.resume().once('end', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.once('error', reject);
    const piece = Buffer.alloc(MB, 7);
    const pieces = async (): Promise<void> => {
      sent.write(head);
      for (let count = 0; count < megabytes; count++) {
        if (!sent.write(piece)) await new Promise((drained) => sent.once('drain', drained));
        watch();
      }
      sent.end(tail);
    };
    pieces().catch(reject);
  });
}

test(`an upload of ${UPLOAD_MB} MB streams through: neither Envoy nor the service holds it`, async () => {
  const pids = { envoy: envoyPid(), service: demo.pid };
  expect(await upload(1, () => undefined)).toBe(200);
  const before = { envoy: residentMb(pids.envoy), service: residentMb(pids.service) };
  const most = { ...before };
  const status = await upload(UPLOAD_MB, () => {
    most.envoy = Math.max(most.envoy, residentMb(pids.envoy));
    most.service = Math.max(most.service, residentMb(pids.service));
  });
  expect(status).toBe(200);
  expect(most.envoy - before.envoy).toBeLessThan(FLAT_MB);
  expect(most.service - before.service).toBeLessThan(FLAT_MB);
  const kept = await demo.as('alice', '/view?filename=big%20(1).png&type=input');
  expect(Number(kept.headers.get('content-length'))).toBe(UPLOAD_MB * MB);
  await kept.body?.cancel();
});
