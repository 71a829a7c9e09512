import { dirname, join, relative, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { ListenError } from '../errors/listen-error.ts';
import { StartError } from '../errors/start-error.ts';
import { launchGiven } from './comfyui-launch.ts';
import { ConfigErrors } from './config-errors.ts';
import { getEnvoy } from './get-envoy.ts';
import { isLoopback, parseHostPort, parseOrigin } from '../http/host-port.ts';
import { listenProblem, whoListens } from './ports.ts';
import type { UpContext, Stack } from './stack.ts';

async function mustBeFree(place: string, listen: string): Promise<void> {
  const { host, port } = parseHostPort(listen);
  if (port === 0) return;
  const problem = await listenProblem(port, host);
  if (problem === undefined) return;
  if (problem.code !== 'EADDRINUSE') throw new ListenError(place, listen, problem);
  throw new StartError(
    `${place}: ${listen} is taken by ${whoListens(port)}; end it, or name another port there`,
  );
}

async function portsMustBeFree({ gateway, admin, service }: Config): Promise<void> {
  await mustBeFree('gateway.listen', gateway.listen);
  await mustBeFree('admin.listen', admin.listen);
  if (!service.listen.startsWith('unix:')) await mustBeFree('service.listen', service.listen);
}

async function ownComfyui(config: Config, folder: string, context: UpContext): Promise<Stack['comfyui']> {
  const dir = context.env.COMFYUI_DIR ?? '';
  if (dir === '') return undefined;
  const [upstream = ''] = config.endpoints[0]?.upstream ?? [];
  const { host, port } = parseOrigin(upstream);
  if (!isLoopback(host) || !upstream.startsWith('http:')) {
    throw new StartError(
      `endpoints[0].upstream: ${upstream} is not on this machine, so the ComfyUI of COMFYUI_DIR cannot be started there; ` +
        'name an address such as http://127.0.0.1:8188, or unset COMFYUI_DIR',
    );
  }
  await mustBeFree('endpoints[0].upstream', `${host.includes(':') ? `[${host}]` : host}:${port}`);
  return { ...(await launchGiven(resolve(context.cwd, dir), folder, context.env)), version: undefined };
}

function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** Makes all that a given configuration needs. @throws ConfigFaults or CannotStart */
export async function stackFromConfig(file: string, context: UpContext): Promise<Stack> {
  const configFile = resolve(context.cwd, file);
  const shownAs = relative(context.cwd, configFile);
  const loaded = loadConfig(configFile, context.env, shownAs);
  if (!loaded.ok) throw new ConfigErrors(loaded.faults);
  const { config, revision } = loaded;
  context.progress.done(shownAs, `${counted(config.endpoints.length, 'endpoint')}, revision ${revision}`);
  await portsMustBeFree(config);
  const folder = join(dirname(configFile), '.comfy-tenant');
  const envoy = await getEnvoy(context);
  const comfyui = await ownComfyui(config, folder, context);
  return { configFile, shownAs, envoy, comfyui, folder, people: undefined };
}
