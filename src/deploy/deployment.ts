import type { Config } from '../config/schema.ts';
import type { Revisions } from '../envoy/revision-host.ts';
import type { Stage } from '../envoy/stage.ts';
import type { Answer } from './ask-envoy.ts';
import type { WatchedFolder } from './watched-folder.ts';

/** `live`: Envoy uses the current files. `applying`: a change is on its way. `unconfirmed`: Envoy does not answer. */
type GatewayState = 'live' | 'applying' | 'unconfirmed';

export interface Deployment {
  state(): GatewayState;
  problems(): string[];
  /**
   * Makes a configuration live in Envoy and, by calling `serve`, in the service, in an order in which neither is ahead of what the
   * other needs. Without an answer from Envoy, which then reads the files when it starts, the service goes ahead. One change at a time.
   *
   * @throws Error if Envoy or the service rejects it; then both have the previous one
   */
  apply(next: Config, serve: (config: Config) => void): Promise<void>;
  close(): void;
}

export interface DeploymentOptions {
  readonly config: Config;
  readonly folder: WatchedFolder;
  readonly ask: (revisions: Revisions) => Promise<Answer>;
  /** Why the real Envoy rejects a configuration; undefined if it does not, or cannot be asked. */
  readonly validate: (config: Config) => Promise<string | undefined>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Waits for some milliseconds between two questions. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Envoy reads a file in a fraction of a second, unless it rejects it. */
const PATIENCE_MS = 10_000;
const DURING_CHANGE_MS = 20;
const OTHERWISE_MS = 250;
const REFUSED = 'Envoy does not use the files of this configuration; its log says why';
const PROBLEMS: Readonly<Record<Answer, string | undefined>> = {
  live: undefined,
  other: REFUSED,
  silent:
    'Envoy does not answer at the socket in its folder, so it may not have the current configuration: ' +
    'it is stopped, or it runs with another bootstrap',
};

/** Makes changes live in Envoy through the files that it watches, and confirms that it uses them. */
export function createDeployment(options: DeploymentOptions): Deployment {
  const { folder, validate, now, pause } = options;
  let current = options.config;
  let written = folder.write({ config: current });
  let sinceMs = now();
  /** What Envoy said about the written files. */
  let answer: Answer = 'silent';
  let applying = false;
  let closed = false;

  async function ask(): Promise<Answer> {
    const about = written;
    const said = await options.ask(about);
    if (about === written) answer = said;
    return answer;
  }

  function write(stage: Stage): void {
    const revisions = folder.write(stage);
    if (JSON.stringify(revisions) === JSON.stringify(written)) return;
    written = revisions;
    answer = 'other';
    sinceMs = now();
  }

  /** Writes files, and waits until Envoy uses them. @throws Error if it does not */
  async function reach(stage: Stage): Promise<void> {
    write(stage);
    while (answer !== 'live' && !closed) {
      if ((await ask()) !== 'other') return;
      if (now() - sinceMs > PATIENCE_MS) throw new Error(REFUSED);
      await pause(DURING_CHANGE_MS);
    }
  }

  async function change(next: Config, serve: (config: Config) => void): Promise<void> {
    const before = current;
    let served = before;
    try {
      await reach({ config: before, also: next });
      serve(next);
      served = next;
      await reach({ config: next, also: before });
      await reach({ config: next });
      current = next;
    } catch (error) {
      if (served !== before) serve(before);
      write({ config: before });
      throw error;
    }
  }

  /** Asks an Envoy that did not answer yet, or starts again later. */
  async function follow(): Promise<void> {
    while (!closed) {
      if (!applying && answer !== 'live') await ask();
      await pause(OTHERWISE_MS);
    }
  }
  void follow();

  return {
    state: () => (applying ? 'applying' : answer === 'live' ? 'live' : 'unconfirmed'),
    problems() {
      const problem = PROBLEMS[answer];
      return problem === undefined || now() - sinceMs <= PATIENCE_MS ? [] : [problem];
    },
    async apply(next, serve) {
      const reason = await validate(next);
      if (reason !== undefined) throw new Error(reason);
      applying = true;
      try {
        await change(next, serve);
      } finally {
        applying = false;
      }
    },
    close() {
      closed = true;
    },
  };
}
