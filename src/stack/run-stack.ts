import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { StartError } from '../errors/start-error.ts';
import { ConfigErrors } from './config-errors.ts';
import { startGateway, type Gateway, type LoadedStack } from './gateway.ts';
import { expectedKeys } from '../comfyui/expected-keys.ts';
import { parseOrigin } from '../http/host-port.ts';
import { checkPlugins, proveIsolation, reportMissingTls } from './startup-checks.ts';
import { openPrograms, type Program, type Programs } from './programs.ts';
import { withProgress } from '../install/progress.ts';
import type { UpContext, Stack } from './stack.ts';
import { startComfyui } from './start-comfyui.ts';

/** A running stack. */
export interface Running {
  readonly config: Config;
  /** Whether the isolation test passed; undefined if it could not run. */
  readonly isolated: boolean | undefined;
  /** Resolves with the first program that ends by itself. */
  readonly ended: Promise<Program>;
  /** Stops everything; returns the number of programs. */
  stop(): Promise<number>;
}

/** @throws ConfigErrors with every problem of the file */
function load(stack: Stack, env: UpContext['env']): LoadedStack & { warnings: readonly string[] } {
  const loaded = loadConfig(stack.configFile, env, stack.shownAs);
  if (!loaded.ok) throw new ConfigErrors(loaded.faults);
  return loaded;
}

async function startComfyuiOf(
  stack: Stack,
  config: Config,
  { context, programs, gateway }: { context: UpContext; programs: Programs; gateway: Gateway },
): Promise<Program | undefined> {
  if (stack.comfyui === undefined) return undefined;
  const [upstream = ''] = config.endpoints[0]?.upstream ?? [];
  const { host, port } = parseOrigin(upstream);
  const part = `ComfyUI${stack.comfyui.version === undefined ? '' : ` ${stack.comfyui.version}`}`;
  const { program } = await withProgress(
    (note) => {
      context.progress.busy(part, note);
    },
    'starting',
    () =>
      startComfyui({
        launch: stack.comfyui as NonNullable<Stack['comfyui']>,
        host: host === 'localhost' ? '127.0.0.1' : host,
        port,
        keyFile: expectedKeys(config, gateway.service.keys).get(upstream)?.file,
        folder: stack.folder,
        programs,
        signal: context.signal,
      }),
  );
  return program;
}

/** Starts all parts of a stack and verifies isolation. @throws Error or StartError, with nothing left running */
export async function runStack(stack: Stack, context: UpContext): Promise<Running> {
  const { config, revision, warnings } = load(stack, context.env);
  for (const warning of warnings) context.err(warning);
  const programs = openPrograms();
  const opened: Gateway[] = [];
  const stop = async (): Promise<number> => {
    const stopped = await programs.stopAll();
    for (const gateway of opened) await gateway.close();
    return stopped + opened.length;
  };
  try {
    const gateway = await startGateway(stack, { config, revision }, { context, programs });
    opened.push(gateway);
    const startedAt = Date.now();
    const comfyui = await startComfyuiOf(stack, config, { context, programs, gateway });
    if (comfyui !== undefined) context.progress.done('ComfyUI', 'started', Date.now() - startedAt);
    reportMissingTls(config, context);
    const fit = await checkPlugins(config, gateway, context);
    if (fit) await stack.seed?.(config);
    const isolated = fit ? await proveIsolation(stack, config, context) : undefined;
    const all = [gateway.envoy, ...(comfyui === undefined ? [] : [comfyui])];
    const ended = Promise.race(all.map((program) => program.ended.then(() => program)));
    return { config, isolated, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The error for a program that ended unexpectedly. */
export async function unexpectedEnd(program: Program): Promise<StartError> {
  return new StartError(
    [...program.lastLogLines(), `${await program.ended}. Full log: ${program.logFile}`].join('\n'),
  );
}
