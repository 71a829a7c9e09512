import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { createLog } from '../admin/log.ts';
import type { Config } from '../config/schema.ts';
import { watchConfig } from '../config/watch.ts';
import { explainError } from '../errors/explain-error.ts';
import { renderBootstrap } from '../envoy/render.ts';
import { startService, type Service } from '../service/service.ts';
import { askComfyuiWith } from '../comfyui/ask-comfyui.ts';
import { parseHostPort } from '../http/host-port.ts';
import type { Program, Programs } from './programs.ts';
import type { UpContext, Stack } from './stack.ts';
import { startEnvoy } from './start-envoy.ts';

export interface LoadedSite {
  readonly config: Config;
  readonly revision: string;
}

/** Envoy and the service that it asks. */
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

interface Watched extends LoadedSite {
  readonly site: Stack;
  readonly service: Service;
  readonly desk: UpContext;
}

/** Takes changes of the configuration while it runs; Envoy's part of it is taken at the next start. */
function follow({ site, config, revision, service, desk }: Watched): () => Promise<void> {
  const { env, err } = desk;
  const over = new AbortController();
  const bootstrap = bootstrapOf(config);
  const watching = watchConfig({
    file: site.configFile,
    env,
    revision,
    signal: over.signal,
    onChange(next) {
      if (!next.ok) {
        service.refuse(next.faults);
        err(`${site.shownAs} has changed and is refused; what was served before goes on:`);
        for (const fault of next.faults) err(fault);
        return;
      }
      try {
        service.replace(next.config, next.revision);
      } catch (error) {
        const fault = error instanceof Error ? error.message : String(error);
        service.refuse([fault]);
        err(`${site.shownAs} has changed and is refused; what was served before goes on: ${fault}`);
        return;
      }
      if (bootstrapOf(next.config) === bootstrap)
        desk.progress.done(site.shownAs, `change taken, revision ${next.revision}`);
      else desk.progress.warn(site.shownAs, 'changed in what Envoy needs: start again to take that part');
    },
  });
  return async () => {
    over.abort();
    await watching;
  };
}

/** Starts the service in this process and Envoy beside it. @throws Error, with nothing left running */
export async function startGateway(
  site: Stack,
  { config, revision }: LoadedSite,
  { desk, programs }: { desk: UpContext; programs: Programs },
): Promise<Gateway> {
  makeFolder(site.folder, { mode: 0o700 });
  const log = openLog(join(site.folder, 'service.log'), desk.err);
  const service = await startService({
    config,
    revision,
    log: createLog(config.log.level, log),
    askComfyui: askComfyuiWith(config),
  });
  const closeService = async (): Promise<void> => {
    await service.close();
    log.close();
  };
  try {
    const envoy = await startEnvoy({
      envoy: site.envoy,
      bootstrap: bootstrapOf(config),
      folder: site.folder,
      listen: parseHostPort(config.gateway.listen),
      programs,
      env: desk.env,
    });
    const unfollow = follow({ site, config, revision, service, desk });
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
