import { dirname, join, relative, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { portalListen } from '../config/portal-address.ts';
import type { Config } from '../config/schema.ts';
import { ListenError } from '../errors/listen-error.ts';
import { StartError } from '../errors/start-error.ts';
import { launchFromDir } from './comfyui-launch.ts';
import { ConfigErrors } from './config-errors.ts';
import { getEnvoy } from './get-envoy.ts';
import { hostPort, isLoopback, isUnixSocket, parseOrigin, type ListenAddress } from '../http/host-port.ts';
import { listenProblem, whoListens } from './ports.ts';
import type { UpContext, Stack } from './stack.ts';

async function requireFreePort(place: string, listen: ListenAddress): Promise<void> {
  if (isUnixSocket(listen)) return;
  const { host, port } = listen;
  if (port === 0) return;
  const problem = await listenProblem(port, host);
  if (problem === undefined) return;
  if (problem.code !== 'EADDRINUSE') throw new ListenError(place, hostPort(listen), problem);
  throw new StartError(
    `${place}: ${hostPort(listen)} is in use by ${whoListens(port)}; stop it, or choose another port`,
  );
}

async function requireFreePorts(config: Config): Promise<void> {
  const { gateway, admin, service } = config;
  await requireFreePort('gateway.listen', gateway.listen);
  await requireFreePort('admin.listen', admin.listen);
  await requireFreePort('service.listen', service.listen);
  await requireFreePort('portal.listen', portalListen(config));
}

async function comfyuiToStart(config: Config, folder: string, context: UpContext): Promise<Stack['comfyui']> {
  const dir = context.env.COMFYUI_DIR ?? '';
  if (dir === '') return undefined;
  const [upstream = ''] = config.endpoints[0]?.upstream ?? [];
  const { host, port } = parseOrigin(upstream);
  if (!isLoopback(host) || !upstream.startsWith('http:')) {
    throw new StartError(
      `endpoints[0].upstream: ${upstream} is not on this machine, so COMFYUI_DIR cannot be started there; ` +
        'use an address such as http://127.0.0.1:8188, or unset COMFYUI_DIR',
    );
  }
  await requireFreePort('endpoints[0].upstream', { host, port });
  return { ...(await launchFromDir(resolve(context.cwd, dir), folder, context.env)), version: undefined };
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Prepares the stack for an existing configuration. @throws ConfigErrors or StartError */
export async function stackFromConfig(file: string, context: UpContext): Promise<Stack> {
  const configFile = resolve(context.cwd, file);
  const shownAs = relative(context.cwd, configFile);
  const loaded = loadConfig(configFile, context.env, shownAs);
  context.concealment.add(loaded.conceal);
  if (!loaded.ok) throw new ConfigErrors(loaded.faults);
  const { config, revision } = loaded;
  context.progress.done(shownAs, `${counted(config.endpoints.length, 'endpoint')}, revision ${revision}`);
  await requireFreePorts(config);
  const folder = join(dirname(configFile), '.comfy-tenant');
  const envoy = await getEnvoy(context);
  const comfyui = await comfyuiToStart(config, folder, context);
  return { configFile, shownAs, envoy, comfyui, folder, people: undefined };
}
