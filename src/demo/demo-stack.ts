import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { StartError } from '../errors/start-error.ts';
import { launchDemo, launchFromDir } from '../stack/comfyui-launch.ts';
import { openDemoFolder, writeDemoConfig, type DemoFolder } from './demo-folder.ts';
import { basicCredentials, type DemoUser } from './demo-users.ts';
import { ensureComfyui } from '../install/ensure-comfyui.ts';
import { isAlive } from '../files/is-alive.ts';
import { getEnvoy, TOOLS } from '../stack/get-envoy.ts';
import { freePort, nextFreePort, whoListens } from '../stack/ports.ts';
import type { Progress } from '../install/progress.ts';
import { seedDemo } from './seed-demo.ts';
import type { UpContext, Stack } from '../stack/stack.ts';
import { targetOf, waitUntilReachable } from '../verify/verify-endpoints.ts';
import type { TestUser } from '../verify/test-client.ts';

export interface DemoStack extends Stack {
  readonly demo: DemoFolder;
}

const GATEWAY_PORT = 8080;
const ADMIN_PORT = 9002;
// Linux allows 108 bytes for a Unix socket's path; other systems less.
const LONGEST_SOCKET_PATH = 100;
type Comfyui = Pick<Stack, 'comfyui'> & { readonly upstream: string; readonly own?: boolean };

async function ownComfyui(demo: DemoFolder, { env, signal, progress }: UpContext): Promise<Comfyui> {
  const startedAt = Date.now();
  const report = (note: string): void => {
    progress.busy('ComfyUI', note);
  };
  const own = await ensureComfyui({ env, toolsFolder: TOOLS, report, signal });
  const note = own.from === 'kept' ? 'kept in .tools' : 'no torch';
  progress.done(`ComfyUI ${own.version}`, note, Date.now() - startedAt);
  return {
    comfyui: { ...launchDemo(own, demo.comfyuiBase, env), version: own.version },
    own: true,
    upstream: `http://127.0.0.1:${await freePort()}`,
  };
}

/** The ComfyUI for the demo: a running one, an installed one, or the demo's own. */
async function chooseComfyui(demo: DemoFolder, context: UpContext): Promise<Comfyui> {
  const { COMFYUI_URL: url = '', COMFYUI_DIR: dir = '' } = context.env;
  if (url !== '') {
    if (!/^https?:\/\/[^/]+\/?$/.test(url)) {
      throw new StartError(
        `COMFYUI_URL=${url} must be an address without a path, such as http://127.0.0.1:8188`,
      );
    }
    context.progress.done('ComfyUI', `yours, at ${url}`);
    return { comfyui: undefined, upstream: url };
  }
  if (dir === '') return ownComfyui(demo, context);
  const launch = await launchFromDir(resolve(context.cwd, dir), demo.path, context.env);
  context.progress.done('ComfyUI', `yours, in ${dir}`);
  return { comfyui: { ...launch, version: undefined }, upstream: `http://127.0.0.1:${await freePort()}` };
}

/** A free port; prints a warning if it is not the usual one. */
async function choosePort(usual: number, progress: Progress): Promise<number> {
  const port = await nextFreePort(usual);
  if (port !== usual) progress.warn('port', `${usual} is in use by ${whoListens(usual)}: using ${port}`);
  return port;
}

function serviceAddress(demo: DemoFolder, name: string, port: number): string {
  const socket = join(demo.path, 'run', name);
  return Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH ? `unix:${socket}` : `127.0.0.1:${port}`;
}

/** Ensures that a folder is used by one demo at a time. @throws StartError if another one is running */
function claim(path: string): { take: () => void; release: () => void } {
  const file = join(path, 'up.pid');
  if (existsSync(file)) {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    if (pid !== process.pid && isAlive(pid)) {
      throw new StartError(
        `This folder's demo is already running (pid ${pid}): stop it first. If it is not running, delete ${file}`,
      );
    }
  }
  return {
    take() {
      writeFileAtomically(file, `${process.pid}\n`);
    },
    release() {
      rmSync(file, { force: true });
    },
  };
}

function testUserOf(user: DemoUser): TestUser {
  return { name: user.name, authorization: basicCredentials(user) };
}

async function seed(config: Config, people: readonly [TestUser, TestUser], demo: DemoFolder): Promise<void> {
  const [endpoint] = config.endpoints;
  if (endpoint === undefined) return;
  const gateway = targetOf(config, endpoint);
  await waitUntilReachable(gateway, people[0]);
  await seedDemo(gateway, people, demo.path);
}

export interface DemoOptions {
  /** The demo's folder. */
  readonly path: string;
  readonly reset: boolean;
}

/** Prepares everything that the demo needs. @throws StartError */
export async function prepareDemoStack(
  { path, reset }: DemoOptions,
  context: UpContext,
): Promise<DemoStack & { release(): void }> {
  const { take, release } = claim(path);
  const envoy = await getEnvoy(context);
  const demo = await openDemoFolder(path, reset);
  take();
  const { comfyui, upstream, own = false } = await chooseComfyui(demo, context);
  const gateway = await choosePort(GATEWAY_PORT, context.progress);
  writeDemoConfig(demo, {
    gateway: `127.0.0.1:${gateway}`,
    admin: `127.0.0.1:${await choosePort(ADMIN_PORT, context.progress)}`,
    service: serviceAddress(demo, 'authz.sock', await freePort()),
    portal: serviceAddress(demo, 'portal.sock', await freePort()),
    upstream,
    keyFile: demo.keyFile,
  });
  const [a, b] = demo.users;
  const people = [testUserOf(a), testUserOf(b)] as const;
  return {
    configFile: demo.configFile,
    shownAs: demo.configFile,
    envoy,
    comfyui,
    folder: demo.path,
    people,
    ...(own && { seed: (config) => seed(config, people, demo) }),
    demo,
    release,
  };
}
