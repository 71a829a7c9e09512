import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Readiness } from '../admin/admin-server.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { reachable } from '../http/host-port.ts';
import { concealedOutput } from './concealed-output.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';

export const help = `comfy-tenant deploy [--config comfy-tenant.yaml] [--wait] [--timeout seconds]

Validates the configuration, which the running service applies by itself. With --wait, asks the service at admin.listen until
it and Envoy serve this revision. Exit code 0: they do; 1: they do not within the time (default: 30 seconds).`;

const DEFAULT_SECONDS = 30;
const ASK_EVERY_MS = 100;

interface Asked {
  readonly url: string;
  readonly revision: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const ENVOY: Readonly<Record<Readiness['envoy'], string>> = {
  live: 'live in the service and in Envoy',
  applying: 'Envoy does not have it yet',
  unconfirmed: 'live in the service, but Envoy does not answer',
  separate: "live in the service; if domains, upstreams or TLS changed, render Envoy's bootstrap again",
};

async function readyz(url: string): Promise<Readiness | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as Readiness;
  } catch {
    // Not started, or busy: asked again.
    return undefined;
  }
}

function isLive(state: Readiness | undefined, revision: string): boolean {
  return state?.revision === revision && (state.envoy === 'live' || state.envoy === 'separate');
}

/** The last state of the service, after the revision is live or the time is over. */
async function waitUntilLive({ url, revision, timeoutMs, signal }: Asked): Promise<Readiness | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const state = await readyz(url);
    if (isLive(state, revision) || signal.aborted || performance.now() > deadline) return state;
    await sleep(ASK_EVERY_MS);
  }
}

interface Wait extends Omit<Asked, 'url'> {
  readonly config: Config;
}

async function waitForService(
  { config, revision, timeoutMs, signal }: Wait,
  { out, err }: Pick<CommandContext, 'out' | 'err'>,
): Promise<number> {
  const address = reachable(config.admin.listen);
  const url = `http://${address}/readyz`;
  const state = await waitUntilLive({ url, revision, timeoutMs, signal });
  if (state === undefined) {
    err(`no service answers at ${url}: start it, or set admin.listen to where it runs`);
    return EXIT.unavailable;
  }
  const live = isLive(state, revision);
  const isServed = state.revision === revision;
  const say = live ? out : err;
  say(`serving revision ${state.revision}${isServed ? `: ${ENVOY[state.envoy]}` : `, not ${revision}`}`);
  for (const problem of state.problems) err(problem);
  return live ? EXIT.ok : EXIT.failed;
}

export const deploy: Command = async (context) => {
  const { args, env, cwd, signal } = context;
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      wait: { type: 'boolean' },
      timeout: { type: 'string', default: String(DEFAULT_SECONDS) },
    },
  });
  const { concealment, out, err } = concealedOutput(context);
  const seconds = Number(values.timeout);
  if (!/^[0-9]{1,4}$/.test(values.timeout)) {
    err(`--timeout ${values.timeout}: must be a number of seconds, such as 30`);
    return EXIT.usage;
  }
  const named = values.config ?? 'comfy-tenant.yaml';
  const loaded = loadConfig(resolve(cwd, named), env, named);
  concealment.add(loaded.conceal);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return EXIT.config;
  }
  const { revision, config } = loaded;
  if (values.wait !== true) {
    out(`${named}: valid, revision ${revision}; a running service applies it within two seconds`);
    return EXIT.ok;
  }
  return waitForService({ config, revision, timeoutMs: seconds * 1000, signal }, { out, err });
};
