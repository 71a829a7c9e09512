import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { StartError } from '../errors/start-error.ts';
import { ConfigErrors } from './config-errors.ts';
import { startGateway, type Gateway, type LoadedStack } from './gateway.ts';
import { expectedKeys } from '../comfyui/expected-keys.ts';
import { parseOrigin } from '../http/host-port.ts';
import { checkPlugins, proveIsolation, tellTls } from './startup-checks.ts';
import { openPrograms, type Program, type Programs } from './programs.ts';
import { saying } from '../install/progress.ts';
import type { UpContext, Stack } from './stack.ts';
import { startComfyui } from './start-comfyui.ts';

/** A stack that runs. */
export interface Running {
  readonly config: Config;
  /** Whether two people were seen not to see each other's work; undefined when that could not be tried. */
  readonly isolated: boolean | undefined;
  /** Resolves with one sentence when one of its programs ends by itself. */
  readonly broken: Promise<Program>;
  /** Ends all of it; returns how many programs that were. */
  stop(): Promise<number>;
}

/** @throws ConfigFaults with every fault of the file */
function load(stack: Stack, env: UpContext['env']): LoadedStack & { warnings: readonly string[] } {
  const loaded = loadConfig(stack.configFile, env, stack.shownAs);
  if (!loaded.ok) throw new ConfigErrors(loaded.faults);
  return loaded;
}

async function startOwnComfyui(
  stack: Stack,
  config: Config,
  { context, programs, gateway }: { context: UpContext; programs: Programs; gateway: Gateway },
): Promise<Program | undefined> {
  if (stack.comfyui === undefined) return undefined;
  const [upstream = ''] = config.endpoints[0]?.upstream ?? [];
  const { host, port } = parseOrigin(upstream);
  const part = `ComfyUI${stack.comfyui.version === undefined ? '' : ` ${stack.comfyui.version}`}`;
  const { program } = await saying(
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

/** Starts everything of a stack, and verifies it. @throws Error or CannotStart, with nothing left running */
export async function runStack(stack: Stack, context: UpContext): Promise<Running> {
  const { config, revision, warnings } = load(stack, context.env);
  for (const warning of warnings) context.err(warning);
  const programs = openPrograms();
  const opened: Gateway[] = [];
  const stop = async (): Promise<number> => {
    const ended = await programs.stopAll();
    for (const gateway of opened) await gateway.close();
    return ended + opened.length;
  };
  try {
    const gateway = await startGateway(stack, { config, revision }, { context, programs });
    opened.push(gateway);
    const startedAt = Date.now();
    const comfyui = await startOwnComfyui(stack, config, { context, programs, gateway });
    if (comfyui !== undefined) context.progress.done('ComfyUI', 'started', Date.now() - startedAt);
    tellTls(config, context);
    const fit = await checkPlugins(config, gateway, context);
    if (fit) await stack.seed?.(config);
    const isolated = fit ? await proveIsolation(stack, config, context) : undefined;
    const all = [gateway.envoy, ...(comfyui === undefined ? [] : [comfyui])];
    const broken = Promise.race(all.map((program) => program.ended.then(() => program)));
    return { config, isolated, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Why a program that should run on has ended. */
export async function whatBroke(program: Program): Promise<StartError> {
  return new StartError(
    [...program.lastWords(), `${await program.ended}. Full log: ${program.logFile}`].join('\n'),
  );
}
