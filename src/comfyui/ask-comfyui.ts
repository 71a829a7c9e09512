import type { Config } from '../config/schema.ts';
import { loadTokenKeys, type TokenKeys } from '../token/token-key.ts';
import { askUsage, tenantComfyuis, type UsageReport } from './ask-usage.ts';
import type { AskComfyui, ComfyuiReport } from './watch-upstreams.ts';
import { expectedKeys } from './expected-keys.ts';
import { pluginFault } from './plugin-fault.ts';
import { askPlugin, type PluginState } from './plugin-state.ts';

function workerAliveIn(state: PluginState): boolean | undefined {
  const alive: unknown = state.kind === 'present' ? state.facts.worker?.alive : undefined;
  return typeof alive === 'boolean' ? alive : undefined;
}

/** Whether prompts can run, according to the plugin's response. */
function reportOf(state: PluginState, url: string, fault: string | undefined): ComfyuiReport {
  const workerAlive = workerAliveIn(state);
  const stuck =
    workerAlive === false
      ? `The thread that runs prompts in ComfyUI at ${new URL(url).host} has died: no prompts will run. Restart ComfyUI.`
      : undefined;
  return { problem: fault ?? stuck, up: fault === undefined, workerAlive };
}

/** The queue, totals and disk, without users; undefined if an older plugin does not report them. */
async function usageOf(url: string, config: Config, keys: TokenKeys): Promise<UsageReport | undefined> {
  const comfyui = tenantComfyuis(config).find((one) => one.url === url);
  const nowMs = Date.now();
  if (comfyui === undefined) return undefined;
  return askUsage(comfyui, { keys, sinceMs: nowMs, nowMs }).catch(() => undefined);
}

/** Creates a function that checks ComfyUIs against the service's startup keys. */
export function askComfyuiWith({ comfyui }: Config): AskComfyui {
  const keys = loadTokenKeys(comfyui.tokenKeyFile);
  return async (url, config) => {
    const state = await askPlugin(url);
    const expected = expectedKeys(config, keys).get(url);
    if (expected === undefined) throw new Error(`${url} is not an upstream of a multi-tenant endpoint`);
    const report = reportOf(state, url, pluginFault(state, url, expected));
    return report.up ? { ...report, usage: await usageOf(url, config, keys) } : report;
  };
}
