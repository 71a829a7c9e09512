import { join } from 'node:path';
import { aDirectory } from '../support/temp-dir.ts';
import { startEchoUpstream, type EchoUpstream } from './echo-upstream.ts';
import { startEnvoy, type EnvoyOptions, type RunningEnvoy } from './run-envoy.ts';
import { startScriptedAuthz, type ScriptedAuthz } from './scripted-authz.ts';
import { rawRequest } from './raw-request.ts';

export interface Stand {
  readonly directory: ReturnType<typeof aDirectory>;
  readonly envoy: RunningEnvoy;
  readonly upstream: EchoUpstream;
  readonly authz: ScriptedAuthz;
  stop(): Promise<void>;
}

const HASH = '$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2';
export const BASIC = `{ method: BASIC, users: [{ username: alice, password: "${HASH}" }] }`;

export interface StandOptions extends Pick<EnvoyOptions, 'change'> {
  /** The whole configuration, given the upstream's port. */
  readonly config?: (upstream: number) => string;
  readonly plugin?: number;
}

export function aConfig(upstream: number, endpoint = ''): string {
  return `
endpoints:
  - name: studio
    domains: [comfy.example.com]
    upstream: http://127.0.0.1:${String(upstream)}
    multiTenant: true
    auth: ${BASIC}
${endpoint}
service: { listen: "unix:authz.sock" }
`;
}

/** A real Envoy between a scripted service and an upstream that says what it saw. */
export async function startStand(options: StandOptions = {}): Promise<Stand> {
  const directory = aDirectory();
  const upstream = await startEchoUpstream(options.plugin === undefined ? {} : { plugin: options.plugin });
  const authz = await startScriptedAuthz(join(directory.path, 'authz.sock'));
  const config = (options.config ?? aConfig)(upstream.port);
  const envoy = await startEnvoy({
    directory,
    config,
    ...(options.change === undefined ? {} : { change: options.change }),
  });
  if (options.plugin === undefined) await untilReached(envoy);
  upstream.seen.length = 0;
  authz.asked.length = 0;
  return {
    directory,
    envoy,
    upstream,
    authz,
    async stop() {
      await envoy.stop();
      authz.close();
      await upstream.close();
      directory.remove();
    },
  };
}

/** Health checks take a moment at the start. */
async function untilReached(envoy: RunningEnvoy): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const { status } = await rawRequest(envoy.port, { lines: ['GET /ready HTTP/1.1'] });
    if (status !== 503) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Envoy never reached the upstream:\n${envoy.output()}`);
}
