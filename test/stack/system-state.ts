import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BCRYPT } from '../config/config-file.ts';
import { scratchFolder } from './start-up.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The command line that runs comfy-tenant from its sources, in any folder. */
export const COMFY_TENANT = `${process.execPath} --import ${join(ROOT, 'node_modules/tsx/dist/loader.mjs')} ${join(ROOT, 'src/main.ts')}`;

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly err: string;
}

/** Runs a shell script with mounts of its own, which no other process sees. It may set up $D first, an empty folder. */
export function withMounts(script: string): Ended {
  const folder = scratchFolder();
  const asUser = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const { status, stderr } = spawnSync('unshare', [...asUser, '--mount', 'sh', '-c', `set -e\n${script}`], {
    encoding: 'utf8',
    env: { ...process.env, D: folder, ENVOY_BIN: fakeEnvoy(folder) },
  });
  // Not skipped: what cannot run has not been seen to pass.
  if (/^(unshare|mount|setpriv):/m.test(stderr)) throw new Error(`this test mounts file systems: ${stderr}`);
  return { code: status, err: stderr };
}

/** A program next to the folder that claims to be Envoy. */
export function fakeEnvoy(folder: string): string {
  const file = `${folder}-envoy`;
  writeFileSync(file, '#!/bin/sh\necho "envoy  version: abc/1.40.0/Clean/RELEASE/BoringSSL"\n');
  chmodSync(file, 0o755);
  return file;
}

/** A good configuration, with more keys at its end. */
export function configText(more: string): string {
  return `endpoints:
  - name: studio
    upstream: http://127.0.0.1:1
    multiTenant: true
    auth: { method: BASIC, users: [{ username: alice, password: "${BCRYPT}" }] }
${more}`;
}
