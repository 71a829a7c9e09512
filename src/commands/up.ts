import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from '../errors/start-error.ts';
import { ConfigErrors } from '../stack/config-errors.ts';
import { prepareDemoStack, type DemoOptions, type DemoStack } from '../demo/demo-stack.ts';
import { stackFromConfig } from '../stack/stack-from-config.ts';
import { PACKAGE_ROOT, packageVersion } from '../install/package-root.ts';
import { printProgress, seconds } from '../install/progress.ts';
import { runStack, whatBroke, type Running } from '../stack/run-stack.ts';
import { printDemoSummary, printSummary } from '../demo/summary.ts';
import type { UpContext, Stack } from '../stack/stack.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';

export const help = `comfy-tenant up [--config comfy-tenant.yaml] | [--reset] [--demo folder]

Envoy and the service in front of a ComfyUI, until Ctrl-C, which ends all that it started.

With --config: in front of the upstreams that the file names; COMFYUI_DIR also starts that ComfyUI, with the plugin, on
the first upstream's address. Without: a demo for alice and bob that needs nothing, kept in .demo
(or in the folder of --demo); --reset begins anew.

  ENVOY_BIN         an Envoy, 1.40 or newer; else the PATH's, else the Python package index's
  COMFYUI_URL       demo: a ComfyUI that runs, with the plugin and COMFY_TENANT_KEY_FILE=.demo/public/comfyui.json
  COMFYUI_DIR       a ComfyUI to start; by COMFYUI_PYTHON, else its venv, else python3; COMFYUI_ARGS are added`;

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
  readonly site: Stack;
  readonly desk: UpContext;
  /** Said when all is up. */
  readonly ready: (running: Running) => void;
  /** Said behind the number of programs when all has ended. */
  readonly goodbye: string;
}

/** Runs until the signal, or until something ends by itself. */
async function runUntilEnd({ site, desk, ready, goodbye }: Run): Promise<number> {
  const running = await runStack(site, desk);
  if (running.isolated === false) {
    await running.stop();
    desk.err('Not isolated, so nothing is served: see above.');
    return EXIT.failed;
  }
  ready(running);
  const broken = await Promise.race([aborted(desk.signal), running.broken]);
  const fault = broken && (await whatBroke(broken));
  const count = await running.stop();
  desk.out(`stopped ${count} programs${goodbye}`);
  if (fault !== undefined) throw fault;
  return EXIT.ok;
}

async function demo(desk: UpContext, options: DemoOptions): Promise<number> {
  // With what `npm start` installed before.
  const startedAt = performance.timeOrigin;
  desk.out(`comfy-tenant ${packageVersion()} · demo. Everything stays in this folder; no telemetry.\n`);
  desk.progress.done(`Node ${process.versions.node}`, '');
  const site: DemoStack & { giveBack(): void } = await prepareDemoStack(options, desk);
  const shown = relative(desk.cwd, options.path) || options.path;
  try {
    return await runUntilEnd({
      site,
      desk,
      ready: (running) => {
        printDemoSummary(site, running, { out: desk.out, took: seconds(Date.now() - startedAt), shown });
      },
      goodbye: ` · data kept in ${shown} · npm start -- --reset begins anew · rm -rf ${shown} .tools removes all`,
    });
  } finally {
    site.giveBack();
  }
}

async function given(desk: UpContext, file: string): Promise<number> {
  // With what `npm start` installed before.
  const startedAt = performance.timeOrigin;
  desk.out(`comfy-tenant ${packageVersion()}\n`);
  const site = await stackFromConfig(file, desk);
  return runUntilEnd({
    site,
    desk,
    ready: (running) => {
      printSummary(running, { out: desk.out, took: seconds(Date.now() - startedAt), shown: site.folder });
    },
    goodbye: '',
  });
}

function explain(error: unknown, { out, err, signal }: CommandContext): number {
  if (signal.aborted) {
    out('stopped before all was up');
    return EXIT.ok;
  }
  if (error instanceof ConfigErrors) {
    for (const fault of error.faults) err(fault);
    return EXIT.config;
  }
  if (!(error instanceof StartError)) throw error;
  err(error.message);
  return EXIT.unavailable;
}

export const up: Command = async (context) => {
  const { args, env, cwd, out, err, signal } = context;
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c' },
      reset: { type: 'boolean', default: false },
      demo: { type: 'string' },
    },
  });
  if (values.config !== undefined && (values.reset || values.demo !== undefined)) {
    err('comfy-tenant up: --reset and --demo are for the demo alone; leave them out with --config');
    return EXIT.usage;
  }
  const desk: UpContext = { env, cwd, out, err, signal, progress: printProgress(out) };
  try {
    return await (values.config === undefined
      ? demo(desk, {
          reset: values.reset,
          path: values.demo === undefined ? join(PACKAGE_ROOT, '.demo') : resolve(cwd, values.demo),
        })
      : given(desk, values.config));
  } catch (error) {
    return explain(error, context);
  }
};
