import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import type { Config } from '../config/schema.ts';
import { encodeUserId } from '../auth/user-id.ts';
import { createMint, type MintToken } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';
import { hostPort, isLoopback, parseOrigin } from '../http/host-port.ts';
import { TOKEN_HEADER } from '../http/gateway-headers.ts';
import { limitedFetch } from '../http/limited-fetch.ts';
import { USER_ID_HEADER_LOWER } from '../http/user-id-header.ts';
import { expectedKeys } from './expected-keys.ts';
import { packProblems, type PackFacts } from './pack-problems.ts';
import { isolationProblems } from './isolation-problems.ts';
import { pluginFault, pluginWarning, type ExpectedKey } from './plugin-fault.ts';
import { askPlugin } from './plugin-state.ts';
import { megabytes } from '../files/megabytes.ts';
import { workerProblems } from './worker-problems.ts';

/** A result of a check of a running ComfyUI. A fault breaks isolation or stops service; a warning needs attention. */
export interface LiveProblem {
  readonly level: 'ok' | 'warning' | 'fault';
  readonly text: string;
}

interface Fitness extends PackFacts {
  readonly listen: string;
  readonly manager: boolean;
  readonly disk: { readonly free: number; readonly total: number };
  /** Private key files that ComfyUI's account can read. */
  readonly readableKeys?: readonly string[];
}

const TIMEOUT_MS = 5000;
/** It lists node packs, of which there may be hundreds. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Tokens live five minutes; larger clock differences cause occasional rejections. */
const MAX_CLOCK_SKEW_MS = 30_000;
const LOW_DISK_PART = 0.05;

const warning = (text: string): LiveProblem => ({ level: 'warning', text });
const fault = (text: string): LiveProblem => ({ level: 'fault', text });

// They need an interface to identify a host (RFC 4007 §11).
const LINK_LOCAL = /^fe[89ab]/i;

/** This machine's addresses that other machines can reach. */
function outwardAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .flatMap(({ address, family, internal }) =>
      internal || (family === 'IPv6' && LINK_LOCAL.test(address)) ? [] : [address],
    );
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 });
    const end = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => { end(true); }).once('timeout', () => { end(false); }).once('error', () => { end(false); }); // prettier-ignore
  });
}

/** Warns if a ComfyUI on a loopback address also accepts connections from other machines. */
async function reachableFromOutside(url: string, outward: readonly string[]): Promise<LiveProblem[]> {
  const { host, port } = parseOrigin(url);
  if (!isLoopback(host)) return [];
  const open: string[] = [];
  for (const address of outward) if (await accepts(address, port)) open.push(address);
  if (open.length === 0) return [];
  const where = open.map((address) => hostPort({ host: address, port })).join(', ');
  return [
    warning(
      `ComfyUI also listens on ${where}: other machines can reach it without the gateway. The plugin rejects them, but start it with --listen 127.0.0.1 anyway.`,
    ),
  ];
}

async function askFitness(
  url: string,
  { audience }: ExpectedKey,
  mint: MintToken,
): Promise<{ fitness: Fitness; skewMs: number } | LiveProblem> {
  const userId = encodeUserId('0000000000000000', 'verify');
  if (userId === undefined) throw new Error('no user id');
  const token = await mint({ userId, operator: true }, audience);
  const headers = { [USER_ID_HEADER_LOWER]: userId, [TOKEN_HEADER]: token.text };
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const response = await limitedFetch(new URL('/_tenant/fitness', url), { headers }, limits);
  const dated = Date.parse(response.headers.get('date') ?? '');
  const skewMs = Number.isNaN(dated) ? 0 : Math.abs(dated - Date.now());
  if (response.status !== 200) {
    const clock = skewMs > MAX_CLOCK_SKEW_MS ? `; its clock differs by ${Math.round(skewMs / 1000)} s` : '';
    return fault(
      `ComfyUI at ${url} rejects the gateway's token (${response.status})${clock}. Synchronize the clocks with NTP.`,
    );
  }
  return { fitness: JSON.parse(response.text) as Fitness, skewMs };
}

function fitnessProblems(
  url: string,
  { fitness, skewMs }: { fitness: Fitness; skewMs: number },
): LiveProblem[] {
  const { manager, disk, readableKeys = [] } = fitness;
  const found: LiveProblem[] = [];
  if (manager) {
    found.push(
      warning(
        `ComfyUI-Manager is loaded at ${url}: its routes are blocked, but start ComfyUI without --enable-manager and remove it from custom_nodes.`,
      ),
    );
  }
  if (readableKeys.length > 0) {
    found.push(
      warning(
        `ComfyUI at ${url} can read private keys (${readableKeys.join(', ')}): node code that escapes the sandbox could impersonate any user. Run it under another account, or in a container with only the public keys folder.`,
      ),
    );
  }
  if (skewMs > MAX_CLOCK_SKEW_MS) {
    found.push(
      warning(
        `The clock at ${url} differs by ${Math.round(skewMs / 1000)} s: synchronize it with NTP, or tokens will be rejected.`,
      ),
    );
  }
  if (disk.free < disk.total * LOW_DISK_PART) {
    found.push(
      warning(
        `The disk with users' files at ${url} is nearly full: ${megabytes(disk.free)} free. Free some space.`,
      ),
    );
  }
  return found;
}

interface CheckContext {
  readonly mint: MintToken;
  readonly outward: readonly string[];
}

async function checkComfyui(
  url: string,
  key: ExpectedKey,
  { mint, outward }: CheckContext,
): Promise<LiveProblem[]> {
  const state = await askPlugin(url);
  const wrong = pluginFault(state, url, key);
  const outside =
    state.kind === 'unreachable' || state.kind === 'untrusted'
      ? []
      : await reachableFromOutside(url, outward);
  if (wrong !== undefined) return [fault(wrong), ...outside];
  const worker = state.kind === 'present' ? workerProblems(state.facts.worker, url) : [];
  const accepted = pluginWarning(state, url);
  const asked = await askFitness(url, key, mint);
  if ('level' in asked) return [asked, ...worker, ...outside];
  const problems = [
    ...worker,
    ...(accepted === undefined ? [] : [warning(accepted)]),
    ...fitnessProblems(url, asked),
    ...outside,
  ];
  const isolation = [
    ...(state.kind === 'present' ? isolationProblems(state.facts.isolation, url) : []),
    ...packProblems(asked.fitness, url),
  ];
  return problems.length > 0
    ? [...problems, ...isolation]
    : [
        { level: 'ok', text: `ComfyUI at ${url}: plugin and key match, not reachable without the gateway` },
        ...isolation,
      ];
}

/**
 * Checks every running ComfyUI of the multi-tenant endpoints for problems that break isolation, with a fix for each.
 *
 * @param outward this machine's addresses that other machines can reach
 */
export async function runLiveChecks(
  config: Config,
  keys: TokenKeys,
  outward: readonly string[] = outwardAddresses(),
): Promise<LiveProblem[]> {
  const context = { mint: createMint(keys, Date.now), outward };
  const found: LiveProblem[] = [];
  for (const [url, key] of expectedKeys(config, keys)) found.push(...(await checkComfyui(url, key, context)));
  return found;
}
