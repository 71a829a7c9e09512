import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { renderBootstrap } from '../envoy/render.ts';
import { isPreset, PRESETS } from '../envoy/rendering.ts';
import { openWatchedFolder } from '../deploy/watched-folder.ts';
import { EXIT, type Command } from './context.ts';
import { reportError } from './exit-code.ts';

export const help = `comfy-tenant envoy [--config comfy-tenant.yaml] [--preset gateway|sidecar|edge-tls] [--dir folder]

Renders Envoy's bootstrap from the configuration. With --dir, writes envoy.yaml, a bootstrap that never changes, and the files that
Envoy then watches, into a folder; \`serve --envoy-dir\` keeps them up to date.
  gateway   in front of any number of ComfyUIs (the default)
  sidecar   next to one ComfyUI, in its pod
  edge-tls  a gateway that terminates TLS; needs gateway.tls`;

export const envoy: Command = ({ args, env, cwd, out, err }) => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      preset: { type: 'string', default: 'gateway' },
      dir: { type: 'string' },
    },
  });
  const { preset } = values;
  if (!isPreset(preset)) {
    err(`--preset ${preset}: must be one of ${PRESETS.join(', ')}`);
    return Promise.resolve(EXIT.usage);
  }
  const loaded = loadConfig(resolve(cwd, values.config ?? 'comfy-tenant.yaml'), env);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return Promise.resolve(EXIT.config);
  }
  if (preset === 'edge-tls' && loaded.config.gateway.tls === undefined) {
    err('gateway.tls: --preset edge-tls needs certFile and keyFile');
    return Promise.resolve(EXIT.config);
  }
  if (values.dir === undefined) {
    out(renderBootstrap(loaded.config, preset).trimEnd());
    return Promise.resolve(EXIT.ok);
  }
  const path = resolve(cwd, values.dir);
  try {
    openWatchedFolder({ path, presetOf: () => preset, asEnvoyNamesIt: path }).write({
      config: loaded.config,
    });
    return Promise.resolve(EXIT.ok);
  } catch (error) {
    return Promise.resolve(reportError('envoy', error, err));
  }
};
