import type { Audit } from '../auth/audit-event.ts';
import type { Decision } from '../auth/decision.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import type { LoginThrottle } from '../basic/login-throttle.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { AccountStore } from './accounts.ts';
import type { ConfigStore } from './config-store.ts';
import type { Drafts } from './drafts.ts';
import type { ConsoleSessions } from './console-sessions.ts';
import type { FormTokens } from './form-tokens.ts';
import type { Operations } from './operations.ts';
import type { IsAllowed } from './request-guard.ts';
import type { Verification } from './verification.ts';

/** What the running service does at the moment. */
export interface ServiceState {
  readonly revision: string;
  /** See `Readiness`. */
  readonly envoy: 'live' | 'applying' | 'unconfirmed' | 'separate';
  readonly ready: boolean;
  readonly problems: readonly string[];
}

export interface ConsoleParts {
  readonly accounts: AccountStore;
  readonly sessions: ConsoleSessions;
  readonly formTokens: FormTokens;
  readonly hashing: HashQueue;
  readonly throttle: LoginThrottle;
  readonly audit: Audit;
  /** The configuration that is being served. */
  readonly config: () => Config;
  readonly state: () => ServiceState;
  /** Whether an address that is not this machine's may use the console. */
  readonly isAllowed: IsAllowed;
  readonly operations: Operations;
  readonly verification: Verification;
  /** The decision about a token at an endpoint that is being served; undefined if it is no JWT endpoint. */
  readonly tryToken: (endpoint: string, token: string) => Promise<Decision | undefined>;
  /** Validates the text of a configuration as `check` does, as the content of the configuration file. */
  readonly checkText: (text: string) => LoadedConfig;
  readonly store: ConfigStore;
  readonly drafts: Drafts;
  /** Marks hidden secrets in comparisons. */
  readonly secret: Uint8Array;
  /** Absolute path of the folder with replaced configurations. */
  readonly historyDir: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Buffer;
  /** Reports a defect; the browser gets a page without details. */
  readonly onError: (error: unknown) => void;
}
