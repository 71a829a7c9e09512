import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { watchConfig, type WatchOptions } from '../config/watch.ts';
import type { Deployment } from './deployment.ts';

type Valid = Extract<LoadedConfig, { ok: true }>;

/** The service, as far as changes concern it. */
interface Replaceable {
  replace(config: Config, revision: string): void;
  refuse(faults: readonly string[]): void;
}

export interface FollowOptions extends Omit<WatchOptions, 'onChange'> {
  /** What is being served. */
  readonly config: Config;
  readonly revision: string;
  readonly service: Replaceable;
  /** Without it, Envoy's bootstrap is rendered separately. */
  readonly deployment: Deployment | undefined;
  /** Called with each new state before anything is reported. */
  readonly onLoaded: (loaded: LoadedConfig) => void;
  readonly onApplied: (loaded: Valid) => void;
  readonly onRejected?: (faults: readonly string[]) => void;
}

/**
 * Applies each valid change of the configuration's files to the service and Envoy, one at a time; of changes that come in the
 * meantime, the last. Keeps what is served if a change is invalid, or rejected by one of them.
 */
export async function followConfig(options: FollowOptions): Promise<void> {
  const { service, deployment, onApplied, onRejected, ...watching } = options;
  let served: Pick<Valid, 'config' | 'revision'> = options;
  let waiting: LoadedConfig | undefined;
  let working = Promise.resolve();

  async function apply(next: Valid): Promise<void> {
    const { config, revision } = served;
    const serve = (wanted: Config): void => {
      service.replace(wanted, wanted === config ? revision : next.revision);
    };
    if (deployment === undefined) serve(next.config);
    else await deployment.apply(next.config, serve);
    served = next;
  }

  async function handle(next: LoadedConfig): Promise<void> {
    if (!next.ok) {
      service.refuse(next.faults);
      onRejected?.(next.faults);
      return;
    }
    try {
      await apply(next);
      onApplied(next);
    } catch (error) {
      const faults = [error instanceof Error ? error.message : String(error)];
      service.refuse(faults);
      onRejected?.(faults);
    }
  }

  async function work(): Promise<void> {
    for (let next = waiting; next !== undefined; next = waiting) {
      waiting = undefined;
      await handle(next);
    }
  }

  await watchConfig({
    ...watching,
    onChange(loaded) {
      options.onLoaded(loaded);
      const isIdle = waiting === undefined;
      waiting = loaded;
      if (isIdle) working = working.then(work);
    },
  });
  await working;
}
