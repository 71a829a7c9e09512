import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { createLog } from '../admin/log.ts';
import type { Config } from '../config/schema.ts';
import { loadConfigText } from '../config/load.ts';
import { restartNeeded } from '../config/restart-needed.ts';
import type { Deployment } from '../deploy/deployment.ts';
import { followConfig } from '../deploy/follow-config.ts';
import { openDeployment } from '../deploy/open-deployment.ts';
import { usualPreset } from '../envoy/rendering.ts';
import { explainError } from '../errors/explain-error.ts';
import { startService, type Service } from '../service/service.ts';
import { askComfyuiWith } from '../comfyui/ask-comfyui.ts';
import type { Program, Programs } from './programs.ts';
import type { UpContext, Stack } from './stack.ts';
import { startEnvoy } from './start-envoy.ts';

export interface LoadedStack {
  readonly config: Config;
  readonly revision: string;
}

/** Envoy and the authorization service. */
export interface Gateway {
  readonly service: Service;
  readonly envoy: Program;
  close(): Promise<void>;
}

interface LogFile {
  write(line: string): void;
  close(): void;
}

/** A log whose errors are reported once and end nothing: a full disk must not stop the gateway. */
function openLog(file: string, onError: (problem: string) => void): LogFile {
  const descriptor = openSync(file, 'w', 0o600);
  let failing = false;
  let closed = false;
  return {
    write(line) {
      if (closed) return;
      try {
        writeSync(descriptor, line);
        failing = false;
      } catch (error) {
        if (!failing) onError(`${file}: log lines are lost: ${explainError(error)}`);
        failing = true;
      }
    },
    close: () => {
      closed = true;
      closeSync(descriptor);
    },
  };
}

interface Watched extends LoadedStack {
  readonly stack: Stack;
  readonly service: Service;
  readonly deployment: Deployment;
  readonly context: UpContext;
}

/** Applies configuration changes while running. */
function follow({ stack, config, revision, service, deployment, context }: Watched): () => Promise<void> {
  const { env, err, progress } = context;
  const over = new AbortController();
  const watching = followConfig({
    file: stack.configFile,
    env,
    config,
    revision,
    service,
    deployment,
    signal: over.signal,
    onLoaded(loaded) {
      context.concealment.add(loaded.conceal);
    },
    onApplied(applied) {
      const keys = restartNeeded(config, applied.config, true);
      if (keys.length === 0) progress.done(stack.shownAs, `change applied, revision ${applied.revision}`);
      else progress.warn(stack.shownAs, `change applied; restart to apply ${keys.join(', ')}, too`);
    },
    onRejected(faults) {
      err(`${stack.shownAs}: change rejected; still serving the previous revision:`);
      for (const fault of faults) err(fault);
    },
  });
  return async () => {
    over.abort();
    await watching;
  };
}

/** Starts the service in this process, and Envoy. @throws Error, with nothing left running */
export async function startGateway(
  stack: Stack,
  { config, revision }: LoadedStack,
  { context, programs }: { context: UpContext; programs: Programs },
): Promise<Gateway> {
  makeFolder(stack.folder, { mode: 0o700 });
  const conceal = (text: string): string => context.concealment.text(text);
  const log = openLog(join(stack.folder, 'service.log'), context.err);
  const watched = join(stack.folder, 'envoy');
  const deployment = openDeployment({
    config,
    folder: watched,
    asEnvoyNamesIt: '.',
    presetOf: usualPreset,
    envoy: stack.envoy.path,
    env: context.env,
  });
  const service = await startService({
    config,
    revision,
    envoy: deployment,
    log: createLog(config.log.level, {
      write: (line) => {
        log.write(conceal(line));
      },
    }),
    checkText: (text) =>
      loadConfigText(text, { file: stack.configFile, env: context.env, shownAs: stack.shownAs }),
    conceal,
    askComfyui: askComfyuiWith(config),
  });
  const closeService = async (): Promise<void> => {
    deployment.close();
    await service.close();
    log.close();
  };
  try {
    const envoy = await startEnvoy({
      envoy: stack.envoy,
      watched,
      folder: stack.folder,
      listen: config.gateway.listen,
      programs,
      env: context.env,
    });
    const unfollow = follow({ stack, config, revision, service, deployment, context });
    return {
      service,
      envoy,
      async close() {
        await unfollow();
        await closeService();
      },
    };
  } catch (error) {
    await closeService();
    throw error;
  }
}
