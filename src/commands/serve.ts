import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog } from '../admin/log.ts';
import { createConcealment } from '../config-file/conceal.ts';
import { loadConfig, loadConfigText } from '../config/load.ts';
import { restartNeeded } from '../config/restart-needed.ts';
import { watchConfig } from '../config/watch.ts';
import { limitHeapGrowth } from '../service/service-heap.ts';
import { askComfyuiWith } from '../comfyui/ask-comfyui.ts';
import { startService } from '../service/service.ts';
import { consoleInvitation } from './console-invitation.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant serve [--config comfy-tenant.yaml]

Runs the authorization service that Envoy calls for each request. Applies changes to the configuration, users files and
JWKS files within a second; invalid changes are rejected. Ctrl-C or SIGTERM stops it after checks in progress have ended.
SIGHUP, as log rotation and service managers send it, changes nothing: files that changed or moved are noticed anyway.`;

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => {
      done();
    });
  });
}

export const serve: Command = async ({ args, env, cwd, err, stdin, signal }) => {
  limitHeapGrowth();
  const { values } = parseArgs({ args: [...args], options: { config: { type: 'string', short: 'c' } } });
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
  const service = await startService({
    config,
    revision,
    log,
    checkText: (text) => loadConfigText(text, { file, env }),
    conceal: concealment.text,
    askComfyui: askComfyuiWith(config),
  });
  const isTerminal = stdin.isTTY;
  const invitation = isTerminal ? await consoleInvitation(config, isTerminal) : undefined;
  if (invitation !== undefined) err(`console: ${invitation}`);
  const watching = watchConfig({
    file,
    env,
    revision: loaded.revision,
    signal,
    onChange(next) {
      log.debug({ ok: next.ok, files: next.files }, 'configuration files changed and were loaded');
      concealment.add(next.conceal);
      if (!next.ok) {
        service.refuse(next.faults);
        return;
      }
      try {
        service.replace(next.config, next.revision);
        const keys = restartNeeded(loaded.config, next.config);
        if (keys.length > 0) log.warn({ keys }, 'configuration changed; restart to apply these keys');
      } catch (error) {
        // A defect: keep serving the previous revision.
        service.refuse([error instanceof Error ? error.message : String(error)]);
      }
    },
  });
  const onHangUp = (): void => {
    log.info('SIGHUP: nothing to do, as changes of the configuration and rotated files are noticed anyway');
  };
  process.on('SIGHUP', onHangUp);
  await ended(signal);
  process.off('SIGHUP', onHangUp);
  await watching;
  await service.close();
  return EXIT.ok;
};
