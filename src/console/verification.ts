import type { Config } from '../config/schema.ts';
import { explainError } from '../errors/explain-error.ts';
import { verifyEndpoints } from '../verify/verify-endpoints.ts';
import type { LastVerification } from './verify-report.ts';

/** The last step of the guide: two temporary users through the real gateway. One run at a time. */
export interface Verification {
  readonly running: boolean;
  /** Undefined before the first one has ended. */
  readonly last: LastVerification | undefined;
  /** Returns false if one is running. */
  start(): boolean;
}

interface VerificationOptions {
  readonly config: () => Config;
  readonly revision: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The service itself runs, so the gateway should, too. */
const PATIENCE_MS = 3_000;

export function createVerification({ config, revision, now }: VerificationOptions): Verification {
  let last: LastVerification | undefined;
  let running = false;

  async function run(): Promise<void> {
    const of = revision();
    try {
      const results = await verifyEndpoints(config(), { patienceMs: PATIENCE_MS });
      last = { kind: 'done', atMs: now(), revision: of, results };
    } catch (error) {
      last = { kind: 'failed', atMs: now(), why: explainError(error) };
    } finally {
      running = false;
    }
  }

  return {
    get running() {
      return running;
    },
    get last() {
      return last;
    },
    start() {
      if (running) return false;
      running = true;
      void run();
      return true;
    },
  };
}
