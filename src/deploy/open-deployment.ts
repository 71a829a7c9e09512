import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import type { Preset } from '../envoy/rendering.ts';
import { REVISION_SOCKET } from '../http/revision-host.ts';
import type { Env } from '../install/run-program.ts';
import { askEnvoy } from './ask-envoy.ts';
import { createDeployment, type Deployment } from './deployment.ts';
import { validateWithEnvoy } from './validate-with-envoy.ts';
import { openWatchedFolder } from './watched-folder.ts';

export interface OpenDeploymentOptions {
  readonly config: Config;
  /** The folder that Envoy watches. */
  readonly folder: string;
  /** As Envoy names the folder, if it runs elsewhere. */
  readonly asEnvoyNamesIt?: string;
  readonly presetOf: (config: Config) => Preset;
  /** Path of Envoy's program, to validate changes; without it, Envoy rejects what it does not accept. */
  readonly envoy: string | undefined;
  readonly env: Env;
}

/** Writes the files that Envoy watches, and keeps them up to date. @throws FileWriteError */
export function openDeployment(options: OpenDeploymentOptions): Deployment {
  const { config, folder, presetOf, envoy, env, asEnvoyNamesIt = folder } = options;
  const socket = join(folder, REVISION_SOCKET);
  return createDeployment({
    config,
    folder: openWatchedFolder({ path: folder, presetOf, asEnvoyNamesIt }),
    ask: (revisions) => askEnvoy(socket, revisions),
    validate: async (next) =>
      envoy === undefined
        ? undefined
        : validateWithEnvoy(next, { envoy, preset: presetOf(next), folder, env }),
    now: () => performance.now(),
    pause: (ms) => sleep(ms, undefined, { ref: false }),
  });
}
