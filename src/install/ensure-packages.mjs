// Run first by `npm start` and `npm test`: plain JavaScript without packages, since none may be installed yet.
// With arguments, it then runs that comfy-tenant command in this process, so that "ready in" includes npm's time.
import { spawn } from 'node:child_process';
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';

const OLDEST = [20, 19];
const UNAVAILABLE = 69; // sysexits.h
const STILL_EVERY_MS = 10_000;
const NEEDED_MB = 400;
const root = fileURLToPath(new URL('../..', import.meta.url));

function nodeFault(version) {
  const [major, minor] = version.split('.').map(Number);
  const enough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return enough
    ? undefined
    : `Node ${version} is too old; comfy-tenant needs ${OLDEST.join('.')} or newer (nvm install 24)`;
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined; // Missing or incomplete: treat as not installed.
  }
}

/** Whether node_modules matches package-lock.json, according to npm's own record. */
function isInstalled() {
  const wanted = packagesIn(join(root, 'package-lock.json'));
  const present = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    // npm omits packages for other systems.
    return present[path] === undefined ? optional === true : present[path].version === version;
  });
}

function freeMegabytes() {
  const { bavail, bsize } = statfsSync(root);
  return Math.floor((bavail * bsize) / 1e6);
}

function diskFull() {
  return `${root}: the disk is full (ENOSPC, ${freeMegabytes()} MB free). The packages take about ${NEEDED_MB} MB: free some space, then try again`;
}

const CLOSED = {
  EROFS: 'is on a read-only file system: use a writable checkout',
  EACCES: 'is not writable by this user: use your own checkout, or chown this one',
  EPERM: 'is not writable by this user: use your own checkout, or chown this one',
  EMFILE: 'too many open files: raise the limit (ulimit -n 4096)',
  EDQUOT: 'the disk quota is exhausted: free some space',
};

/** Why packages cannot be installed in this folder; checked first because npm's own errors are unclear. */
function folderFault() {
  try {
    accessSync(root, constants.W_OK);
  } catch (error) {
    return `${root} ${CLOSED[error.code] ?? 'cannot be written'} (${error.code}). npm start and npm test install packages there`;
  }
  return freeMegabytes() < NEEDED_MB ? diskFull() : undefined;
}

/** A full disk shows in many ways, such as npm's SyntaxError for a half-written file. */
function systemFault(output) {
  if (/\bENOSPC\b|no space left|Unexpected end of JSON|SyntaxError/i.test(output) || freeMegabytes() < 20)
    return diskFull();
  const code = /\b(EROFS|EACCES|EPERM|EMFILE|EDQUOT)\b/.exec(output)?.[1];
  if (code === undefined) return undefined;
  const path = /^npm (?:error|ERR!) path (.*)$/m.exec(output)?.[1] ?? root;
  return `${path} ${CLOSED[code]} (${code}), then try again`;
}

function npmFault(output) {
  const system = systemFault(output);
  if (system !== undefined) return system;
  const code =
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(output);
  if (code !== null) {
    return (
      `Cannot reach the npm registry (${code[1]}). The first start downloads about 200 MB; later starts need no network. ` +
      'Behind a proxy, set HTTPS_PROXY'
    );
  }
  const said = output.split('\n').filter((line) => line.trim() !== '');
  // npm prints the reason first, then its usage.
  return [...said.slice(0, 10), 'npm could not install the packages; its first messages are above'].join(
    '\n',
  );
}

const QUIET = [
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
];

function npm(...args) {
  const own = process.env.npm_execpath;
  const [command, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args, ...QUIET], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    child.stderr.on('data', (chunk) => (output += String(chunk)));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code, output }));
  });
}

async function install() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  console.log('  ..  packages         installing with npm, once');
  const timer = setInterval(() => {
    console.log(`  ..  packages         still installing, ${seconds()} s so far`);
  }, STILL_EVERY_MS);
  const { code, output } = await npm('ci');
  clearInterval(timer);
  if (code !== 0 || !isInstalled()) return npmFault(output);
  console.log(`  ok  packages         installed         ${seconds()} s`);
  return undefined;
}

const fault =
  nodeFault(process.versions.node) ?? (isInstalled() ? undefined : (folderFault() ?? (await install())));
if (fault !== undefined) {
  console.error(fault);
  process.exitCode = UNAVAILABLE;
} else if (process.argv.length > 2) {
  await import('tsx');
  await import('../main.ts');
}
