import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { renderBootstrap } from '../envoy/render.ts';
import { PRESETS, type Preset } from '../envoy/rendering.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant envoy [--config comfy-tenant.yaml] [--preset gateway|sidecar|edge-tls]

Renders Envoy's bootstrap from the configuration.
  gateway   in front of any number of ComfyUIs (the default)
  sidecar   next to one ComfyUI, in its pod
  edge-tls  a gateway that terminates TLS; needs gateway.tls`;

function isPreset(name: string): name is Preset {
  return (PRESETS as readonly string[]).includes(name);
}

export const envoy: Command = async ({ args, env, cwd, out, err }) => {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', short: 'c' }, preset: { type: 'string', default: 'gateway' } },
  });
  const { preset } = values;
  if (!isPreset(preset)) {
    err(`--preset ${preset}: must be one of ${PRESETS.join(', ')}`);
    return EXIT.usage;
  }
  const loaded = loadConfig(resolve(cwd, values.config ?? 'comfy-tenant.yaml'), env);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return EXIT.config;
  }
  if (preset === 'edge-tls' && loaded.config.gateway.tls === undefined) {
    err('gateway.tls: --preset edge-tls needs certFile and keyFile');
    return EXIT.config;
  }
  out(renderBootstrap(loaded.config, preset).trimEnd());
  return Promise.resolve(EXIT.ok);
};
