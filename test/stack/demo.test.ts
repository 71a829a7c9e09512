import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { basic } from '../support/requests.ts';
import { withInstallLock } from '../../src/install/install-lock.ts';
import { STARTING } from '../end-to-end/demo.ts';
import { run, scratchFolder, type Ran } from './start-up.ts';

/** The processes that have a folder's path in their command line. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^[0-9]+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false; // It ended meanwhile.
      }
    });
}

function part(ran: Ran, pattern: RegExp): string {
  return pattern.exec(ran.output())?.[1] ?? '';
}

async function ready(folder: string, ...more: string[]): Promise<Ran> {
  return withInstallLock(STARTING, async () => {
    const ran = run(['up', '--demo', folder, ...more]);
    await ran.said('Ctrl-C stops everything');
    return ran;
  });
}

test('the demo starts, proves that alice and bob are apart, serves them, keeps their data and leaves nothing running', async () => {
  const folder = join(scratchFolder(), 'demo');
  const first = await ready(folder);
  expect(first.output()).toContain("alice and bob cannot see each other's work (6 of 6)");
  const [url, alice, bob] = [/Open +(\S+)/, /alice +(\S+-\S+)\n/, /bob +(\S+-\S+)\n/].map((one) =>
    part(first, one),
  );
  expect(alice).toMatch(/^[a-z]+-[a-z]+-[0-9]{2}$/);

  const workflows = `${url!}/userdata?dir=workflows`;
  const asAlice = { authorization: basic('alice', alice!) };
  const me = await fetch(`${url!}/_tenant/me`, { headers: asAlice });
  expect(((await me.json()) as { userId: string }).userId).toBe('alice');
  expect(await (await fetch(workflows, { headers: asAlice })).json()).toStrictEqual(['hello.json']);
  expect((await fetch(workflows)).status).toBe(401);
  const wrong = { authorization: basic('alice', bob!) };
  expect((await fetch(workflows, { headers: wrong })).status).toBe(401);
  const saved = { method: 'POST', headers: asAlice, body: '{}' };
  expect((await fetch(`${url!}/userdata/workflows%2Fmine.json`, saved)).status).toBe(200);

  expect(statSync(join(folder, 'passwords.json')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'token.key')).mode & 0o777).toBe(0o600);
  expect(processesOf(folder).length).toBeGreaterThanOrEqual(3);
  expect(await first.end('SIGINT')).toBe(0);
  expect(first.output()).toContain('stopped 3 programs · data kept in ');
  await expect.poll(() => processesOf(folder)).toStrictEqual([]);

  const second = await ready(folder);
  expect(second.output()).toContain('data kept in ');
  expect(second.output()).toContain('ok  Envoy 1.40.0     kept in .tools');
  expect(second.output()).toContain(alice!);
  const again = await fetch(`${part(second, /Open +(\S+)/)}/userdata?dir=workflows`, { headers: asAlice });
  expect(((await again.json()) as string[]).toSorted()).toStrictEqual(['hello.json', 'mine.json']);
  expect(await second.end('SIGTERM')).toBe(0);
  await expect.poll(() => processesOf(folder)).toStrictEqual([]);
});

test('a demo that is killed without warning leaves nothing running', async () => {
  const folder = join(scratchFolder(), 'demo');
  const ran = await ready(folder);
  await ran.end('SIGKILL');
  await expect.poll(() => processesOf(folder)).toStrictEqual([]);
});

test('a second start in the same folder is an error that names the first', async () => {
  const folder = join(scratchFolder(), 'demo');
  const first = await ready(folder);
  const second = run(['up', '--demo', folder]);
  expect(await second.ended).toBe(69);
  expect(second.output()).toContain(
    `This folder's demo is already running (pid ${first.pid}): stop it first. If it is not running, delete ${join(folder, 'up.pid')}`,
  );
});
