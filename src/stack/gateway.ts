import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { createLog } from '../admin/log.ts';
import type { Config } from '../config/schema.ts';
import { loadConfigText } from '../config/load.ts';
import { watchConfig } from '../config/watch.ts';
import { explainError } from '../errors/explain-error.ts';
import { renderBootstrap } from '../envoy/render.ts';
import { startService, type Service } from '../service/service.ts';
import { askComfyuiWith } from '../comfyui/ask-comfyui.ts';
import { parseHostPort } from '../http/host-port.ts';
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

function bootstrapOf(config: Config): string {
  return renderBootstrap(config, config.gateway.tls === undefined ? 'gateway' : 'edge-tls');
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
  readonly context: UpContext;
}

/** Applies configuration changes while running; changes that affect Envoy's bootstrap need a restart. */
function follow({ stack, config, revision, service, context }: Watched): () => Promise<void> {
  const { env, err } = context;
  const over = new AbortController();
  const bootstrap = bootstrapOf(config);
  const watching = watchConfig({
    file: stack.configFile,
    env,
    revision,
    signal: over.signal,
    onChange(next) {
      context.concealment.add(next.conceal);
      if (!next.ok) {
        service.refuse(next.faults);
        err(`${stack.shownAs}: change rejected; still serving the previous revision:`);
        for (const fault of next.faults) err(fault);
        return;
      }
      try {
        service.replace(next.config, next.revision);
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error);
        service.refuse([fault]);
        err(`${stack.shownAs}: change rejected; still serving the previous revision: ${fault}`);
        return;
      }
      if (bootstrapOf(next.config) === bootstrap)
        context.progress.done(stack.shownAs, `change applied, revision ${next.revision}`);
      else context.progress.warn(stack.shownAs, "Envoy's part changed: restart to apply it");
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
  const service = await startService({
    config,
    revision,
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
    await service.close();
    log.close();
  };
  try {
    const envoy = await startEnvoy({
      envoy: stack.envoy,
      bootstrap: bootstrapOf(config),
      folder: stack.folder,
      listen: parseHostPort(config.gateway.listen),
      programs,
      env: context.env,
    });
    const unfollow = follow({ stack, config, revision, service, context });
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
