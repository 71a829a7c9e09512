import type { Config } from '../config/schema.ts';
import type { Gateway } from './gateway.ts';
import { isLoopback, parseHostPort } from '../http/host-port.ts';
import { expectedKeys } from '../comfyui/expected-keys.ts';
import { pluginFault, pluginWarning } from '../comfyui/plugin-fault.ts';
import { askPlugin, type PluginState } from '../comfyui/plugin-state.ts';
import type { UpContext, Stack } from './stack.ts';
import { isIsolated, type Row } from '../verify/verify.ts';
import { verifyEndpoints } from '../verify/verify-endpoints.ts';

function tellPlugin(state: PluginState, context: UpContext): void {
  if (state.kind !== 'present') return;
  const { hooks, plugin, comfyui, isolation } = state.facts;
  context.progress.done(`plugin ${plugin}`, `${hooks.fit} of ${hooks.all} hooks fit ComfyUI ${comfyui}`);
  if (isolation !== undefined) context.progress.done('isolation', isolation);
}

/** Whether every upstream is ready for several users; says of each that is not what to do. */
export async function checkPlugins(config: Config, gateway: Gateway, context: UpContext): Promise<boolean> {
  let fit = true;
  for (const [url, key] of expectedKeys(config, gateway.service.keys)) {
    const state = await askPlugin(url);
    const fault = pluginFault(state, url, key);
    if (fault === undefined) tellPlugin(state, context);
    const said = fault ?? pluginWarning(state, url);
    if (said !== undefined) context.progress.warn('plugin', said);
    fit &&= fault === undefined;
  }
  return fit;
}

export function tellTls(config: Config, context: UpContext): void {
  const { host } = parseHostPort(config.gateway.listen);
  if (config.gateway.tls !== undefined || isLoopback(host)) return;
  context.progress.warn(
    'no TLS',
    'passwords cross the network in clear: see gateway.tls, or put TLS in front',
  );
}

function describeLeak({ dimension, owner, other, aSeesOwn, bSeesAs }: Row): string {
  if (bSeesAs) return `${other} sees what ${owner} has: ${dimension}`;
  return aSeesOwn
    ? `${owner} does not find theirs again: ${dimension}`
    : `${owner} does not see their own: ${dimension}`;
}

/** The three dimensions of multi-tenant mode. */
const WORK = new Set(['workflows', 'inputs', 'outputs']);

/** Verifies and says the outcome; undefined when it could not be tried, such as in a ComfyUI that cannot save images. */
export async function proveIsolation(
  stack: Stack,
  config: Config,
  context: UpContext,
): Promise<boolean | undefined> {
  if (!config.endpoints.some(({ multiTenant }) => multiTenant)) {
    context.progress.warn('not verified', 'no endpoint has multiTenant: true, so nobody is kept apart');
    return undefined;
  }
  try {
    return await verifyAndSay(stack, config, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.progress.warn('not verified', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

async function verifyAndSay(stack: Stack, config: Config, context: UpContext): Promise<boolean> {
  const startedAt = Date.now();
  const results = await verifyEndpoints(config, { people: stack.people, signal: context.signal });
  const rows = results.flatMap((result) => result.rows);
  const intrusions = results.flatMap((result) => result.probes).filter(({ refused }) => !refused);
  const work = rows.filter(({ dimension }) => WORK.has(dimension));
  const isolated = rows.length > 0 && rows.every(isIsolated) && intrusions.length === 0;
  for (const row of rows.filter((one) => !isIsolated(one)))
    context.progress.warn('NOT ISOLATED', describeLeak(row));
  for (const { name, outcome } of intrusions) context.progress.warn('NOT ISOLATED', `${name}: ${outcome}`);
  for (const left of results.flatMap((result) => result.left))
    context.progress.warn('verified', `left behind: ${left}`);
  const who =
    stack.people === undefined ? 'two made-up people' : stack.people.map(({ name }) => name).join(' and ');
  if (isolated) {
    const outcome = `${who} see none of each other's work (${work.filter(isIsolated).length} of ${work.length})`;
    context.progress.done('verified', outcome, Date.now() - startedAt);
  }
  return isolated;
}
