import type { Config } from '../config/schema.ts';
import type { Gateway } from './gateway.ts';
import { isLoopback } from '../http/host-port.ts';
import { expectedKeys } from '../comfyui/expected-keys.ts';
import { pluginFault, pluginWarning } from '../comfyui/plugin-fault.ts';
import { askPlugin, type PluginState } from '../comfyui/plugin-state.ts';
import type { UpContext, Stack } from './stack.ts';
import { isIsolated, type Row } from '../verify/verify.ts';
import { verifyEndpoints } from '../verify/verify-endpoints.ts';

function reportPlugin(state: PluginState, context: UpContext): void {
  if (state.kind !== 'present') return;
  const { hooks, plugin, comfyui, isolation } = state.facts;
  context.progress.done(`plugin ${plugin}`, `${hooks.fit} of ${hooks.all} hooks match ComfyUI ${comfyui}`);
  if (isolation !== undefined) context.progress.done('isolation', isolation);
}

/** Whether every upstream is ready for multi-tenant mode; prints a fix for each one that is not. */
export async function checkPlugins(config: Config, gateway: Gateway, context: UpContext): Promise<boolean> {
  let fit = true;
  for (const [url, key] of expectedKeys(config, gateway.service.keys)) {
    const state = await askPlugin(url);
    const fault = pluginFault(state, url, key);
    if (fault === undefined) reportPlugin(state, context);
    const problem = fault ?? pluginWarning(state, url);
    if (problem !== undefined) context.progress.warn('plugin', problem);
    fit &&= fault === undefined;
  }
  return fit;
}

export function reportMissingTls(config: Config, context: UpContext): void {
  const { host } = config.gateway.listen;
  if (config.gateway.tls !== undefined || isLoopback(host)) return;
  context.progress.warn(
    'no TLS',
    'passwords cross the network unencrypted: set gateway.tls, or terminate TLS in front',
  );
}

function describeLeak({ dimension, owner, other, aSeesOwn, bSeesAs }: Row): string {
  if (bSeesAs) return `${other} can see ${owner}'s data: ${dimension}`;
  return aSeesOwn
    ? `${owner} no longer sees their own data: ${dimension}`
    : `${owner} does not see their own data: ${dimension}`;
}

/** The three dimensions that multi-tenant mode isolates. */
const WORK = new Set(['workflows', 'inputs', 'outputs']);

/** Tests isolation and prints the result; undefined if it could not run, as in a ComfyUI without image nodes. */
export async function proveIsolation(
  stack: Stack,
  config: Config,
  context: UpContext,
): Promise<boolean | undefined> {
  if (!config.endpoints.some(({ multiTenant }) => multiTenant)) {
    context.progress.warn('not verified', 'no endpoint has multiTenant: true, so users are not isolated');
    return undefined;
  }
  try {
    return await verifyAndReport(stack, config, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.progress.warn('not verified', error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

async function verifyAndReport(stack: Stack, config: Config, context: UpContext): Promise<boolean> {
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
    context.progress.warn('verified', `not removed: ${left}`);
  const who =
    stack.people === undefined ? 'two temporary users' : stack.people.map(({ name }) => name).join(' and ');
  if (isolated) {
    const outcome = `${who} cannot see each other's work (${work.filter(isIsolated).length} of ${work.length})`;
    context.progress.done('verified', outcome, Date.now() - startedAt);
  }
  return isolated;
}
