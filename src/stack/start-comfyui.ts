import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComfyuiLaunch } from './comfyui-launch.ts';
import { programStartError } from './program-start-error.ts';
import { askPlugin, type PluginState } from '../comfyui/plugin-state.ts';
import type { Program, Programs } from './programs.ts';

export interface ComfyuiStart {
  readonly launch: ComfyuiLaunch;
  readonly host: string;
  readonly port: number;
  /** The public keys with which its plugin verifies tokens; undefined if it serves no multi-tenant endpoint. */
  readonly keyFile: string | undefined;
  /** Where the log is written. */
  readonly folder: string;
  readonly programs: Programs;
  readonly signal?: AbortSignal;
}

export interface StartedComfyui {
  readonly program: Program;
  readonly url: string;
  readonly state: PluginState;
}

const POLL_MS = 150;
// Torch and many custom nodes load slowly from a cold disk.
const TIMEOUT_MS = 300_000;

async function firstAnswer(program: Program, url: string, signal?: AbortSignal): Promise<PluginState> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const state = await askPlugin(url);
    if (state.kind !== 'unreachable' || program.hasEnded() || Date.now() > deadline) return state;
    await sleep(POLL_MS, undefined, signal && { signal });
  }
}

/** Starts a ComfyUI and waits until it answers. @throws StartError with the end of its log if it does not */
export async function startComfyui(start: ComfyuiStart): Promise<StartedComfyui> {
  const { launch, host, port, keyFile, folder, programs, signal } = start;
  const program = await programs.start({
    name: 'ComfyUI',
    command: launch.python,
    args: ['main.py', '--listen', host, '--port', String(port), ...launch.args],
    env: {
      ...launch.env,
      ...(keyFile !== undefined && { COMFY_TENANT_KEY_FILE: keyFile }),
      PYTHONUNBUFFERED: '1',
    },
    cwd: launch.app,
    logFile: join(folder, 'comfyui.log'),
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const state = await firstAnswer(program, url, signal);
  if (state.kind !== 'unreachable') return { program, url, state };
  const fault = await programStartError(program);
  await program.stop();
  throw fault;
}
