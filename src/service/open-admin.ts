import { startAdminServer, type Readiness } from '../admin/admin-server.ts';
import type { OpenAudit } from '../admin/open-audit.ts';
import type { UpstreamWatch } from '../comfyui/watch-upstreams.ts';
import type { TokenKeys } from '../token/token-key.ts';
import type { AccessEnds } from './access-ends.ts';
import type { EndpointParts } from './build-endpoints.ts';
import { countMinutes } from './check-minutes.ts';
import { neverHadKeys } from './never-had-keys.ts';
import { openConsole, type OpenConsoleOptions } from './open-console.ts';
import type { OpenSessions } from './open-sessions.ts';
import { createPartStates, type PartStatesOptions } from './part-states.ts';
import type { ServiceOptions } from './service-options.ts';

export interface OpenAdminOptions
  extends
    Omit<EndpointParts, 'throttle'>,
    Pick<ServiceOptions, 'config' | 'envoy' | 'checkText'>,
    Pick<OpenConsoleOptions, 'current' | 'throttle' | 'audit' | 'built' | 'conceal'>,
    Pick<PartStatesOptions, 'faults' | 'bootstraps'> {
  readonly revision: () => string;
  readonly keys: TokenKeys;
  readonly auditing: Pick<OpenAudit, 'problems' | 'tail'>;
  readonly opened: OpenSessions;
  readonly ends: AccessEnds;
  readonly comfyuis: UpstreamWatch;
}

/** Starts the admin server: health, metrics, the console and its API. @throws Error naming `admin.listen` */
export async function openAdmin(
  options: OpenAdminOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const { config, metrics, now, conceal, envoy, auditing, opened, ends, built } = options;
  const states = createPartStates({ ...options, envoy, files: [auditing, opened, ends] });
  const readiness = (): Readiness => ({
    ready: !neverHadKeys(built()),
    revision: options.revision(),
    envoy: envoy?.state() ?? 'separate',
    problems: states.problems(),
  });
  metrics.showParts(() => states.list());
  const minutes = countMinutes(metrics, now);
  const consoleOptions = { register: opened.register, tail: auditing.tail, state: readiness, parts: states };
  const admin = await startAdminServer({
    ...config.admin,
    registry: metrics.registry,
    readiness,
    conceal,
    ...openConsole({ ...options, ...consoleOptions, minutes, checkText: options.checkText }),
  });
  return {
    port: admin.port,
    async close() {
      minutes.close();
      await admin.close();
    },
  };
}
