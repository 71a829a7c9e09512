import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog } from '../admin/log.ts';
import { createConcealment } from '../config-file/conceal.ts';
import { loadConfig, loadConfigText } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { restartNeeded } from '../config/restart-needed.ts';
import { followConfig } from '../deploy/follow-config.ts';
import type { Deployment } from '../deploy/deployment.ts';
import { openDeployment } from '../deploy/open-deployment.ts';
import { isPreset, PRESETS, usualPreset, type Preset } from '../envoy/rendering.ts';
import { findEnvoy } from '../install/ensure-envoy.ts';
import { limitHeapGrowth } from '../service/service-heap.ts';
import { askComfyuiWith } from '../comfyui/ask-comfyui.ts';
import { startService } from '../service/service.ts';
import { consoleInvitation } from './console-invitation.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';

export const help = `comfy-tenant serve [--config comfy-tenant.yaml] [--envoy-dir folder [--preset sidecar]]

Runs the authorization service that Envoy calls for each request. Applies changes to the configuration, users files and
JWKS files within a second; invalid changes are rejected. Ctrl-C or SIGTERM stops it after checks in progress have ended.
With --envoy-dir, also keeps the files that Envoy watches up to date (see \`comfy-tenant envoy --dir\`), and confirms that it uses them; an Envoy
in ENVOY_BIN or the PATH validates each change before.
SIGHUP, as log rotation and service managers send it, changes nothing: files that changed or moved are noticed anyway.`;

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => {
      done();
    });
  });
}

interface Deployed {
  readonly config: Config;
  /** Default: by the configuration. */
  readonly preset: Preset | undefined;
  readonly env: CommandContext['env'];
  readonly cwd: string;
}

async function deploymentIn(
  named: string | undefined,
  { config, preset, env, cwd }: Deployed,
): Promise<Deployment | undefined> {
  if (named === undefined) return undefined;
  const folder = resolve(cwd, named);
  const presetOf = preset === undefined ? usualPreset : () => preset;
  const envoy = await findEnvoy({ env, toolsFolder: join(folder, '.tools'), report: () => undefined });
  return openDeployment({ config, folder, presetOf, envoy: envoy?.path, env });
}

export const serve: Command = async ({ args, env, cwd, err, stdin, signal }) => {
  limitHeapGrowth();
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      'envoy-dir': { type: 'string' },
      preset: { type: 'string' },
    },
  });
  const preset = values.preset;
  if (preset !== undefined && !isPreset(preset)) {
    err(`--preset ${preset}: must be one of ${PRESETS.join(', ')}`);
    return EXIT.usage;
  }
  const file = resolve(cwd, values.config ?? 'comfy-tenant.yaml');
  const loaded = loadConfig(file, env);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return EXIT.config;
  }
  for (const warning of loaded.warnings) err(`warning: ${warning}`);
  const concealment = createConcealment();
  concealment.add(loaded.conceal);
  const log = createLog(loaded.config.log.level, {
    write: (line) => process.stdout.write(concealment.text(line)),
  });
  const { config, revision } = loaded;
  const deployment = await deploymentIn(values['envoy-dir'], { config, preset, env, cwd });
  const service = await startService({
    config,
    revision,
    log,
    envoy: deployment,
    checkText: (text) => loadConfigText(text, { file, env }),
    conceal: concealment.text,
    askComfyui: askComfyuiWith(config),
  });
  const isTerminal = stdin.isTTY;
  const invitation = isTerminal ? await consoleInvitation(config, isTerminal) : undefined;
  if (invitation !== undefined) err(`console: ${invitation}`);
  const watching = followConfig({
    file,
    env,
    config,
    revision,
    service,
    deployment,
    signal,
    onLoaded(next) {
      log.debug({ ok: next.ok, files: next.files }, 'configuration files changed and were loaded');
      concealment.add(next.conceal);
    },
    onApplied(next) {
      const keys = restartNeeded(config, next.config, deployment !== undefined);
      if (keys.length > 0) log.warn({ keys }, 'configuration changed; restart to apply these keys');
    },
  });
  const onHangUp = (): void => {
    log.info('SIGHUP: nothing to do, as changes of the configuration and rotated files are noticed anyway');
  };
  process.on('SIGHUP', onHangUp);
  await ended(signal);
  process.off('SIGHUP', onHangUp);
  await watching;
  deployment?.close();
  await service.close();
  return EXIT.ok;
};
