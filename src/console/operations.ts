import type { Lockout } from '../basic/recent-lockouts.ts';
import type { UsageReport } from '../comfyui/ask-usage.ts';
import type { KeyFacts } from '../jwt/key-facts.ts';
import type { RegisteredSession } from '../revocation/registered-sessions.ts';

/** A part of the gateway, and whether it works. */
export interface PartStatus {
  readonly kind: 'configuration' | 'envoy' | 'keys' | 'comfyui' | 'files';
  /** Which one, such as an issuer or an address; empty if there is only one. */
  readonly name: string;
  readonly works: boolean;
  /** Since when it works or does not, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** What is wrong and what to do; empty if it works. */
  readonly problems: readonly string[];
}

/** Checks since the service started. */
interface CheckCount {
  readonly endpoint: string;
  readonly decision: string;
  /** Empty unless the decision is `deny`. */
  readonly reason: string;
  readonly count: number;
}

/** Checks of one minute. */
export interface Minute {
  /** Its end, in milliseconds since 1970. */
  readonly atMs: number;
  readonly allowed: number;
  readonly refused: number;
}

export interface KeysStatus {
  readonly issuer: string;
  readonly available: boolean;
  /** Since the last successful fetch; undefined for keys in the configuration or a file. */
  readonly ageSeconds: number | undefined;
  readonly keys: readonly KeyFacts[];
}

export interface ComfyuiStatus {
  readonly url: string;
  readonly queue: UsageReport['queue'];
  readonly disk: UsageReport['disk'];
  readonly totals: UsageReport['totals'];
  /** Open ones, by user id. */
  readonly webSockets: UsageReport['webSockets'];
}

export interface Status {
  readonly revision: string;
  readonly envoy: string;
  readonly ready: boolean;
  readonly parts: readonly PartStatus[];
  readonly checks: readonly CheckCount[];
  /** The last hour, the oldest first. */
  readonly minutes: readonly Minute[];
  readonly keys: readonly KeysStatus[];
  /** Those that answer. */
  readonly comfyuis: readonly ComfyuiStatus[];
  readonly lockouts: readonly Lockout[];
}

/** What a user used at all ComfyUIs. */
interface UserUsage {
  readonly user: string;
  readonly prompts: number;
  readonly failed: number;
  readonly gpuSeconds: number;
  readonly waitedSeconds: number;
  readonly bytes: number;
}

export interface Usage {
  /** What each may store, if there is a quota. */
  readonly quotaBytes: number | undefined;
  readonly users: readonly UserUsage[];
  /** ComfyUIs that did not answer, and why. */
  readonly problems: readonly string[];
}

/** What operators see of the running service, and what they can end. */
export interface Operations {
  status(): Promise<Status>;
  /** The keys of the issuers that are being served. */
  keys(): Promise<readonly KeysStatus[]>;
  /** @param sinceMs milliseconds since 1970 */
  usage(sinceMs: number): Promise<Usage>;
  /** Sessions of browsers that have not ended. */
  sessions(): readonly RegisteredSession[];
  /** Ends a session. Returns whether there was one. */
  endSession(id: string): Promise<boolean>;
  /** Ends all sessions and tokens of a user that were issued until now. Returns false if no one can have this id. */
  endUser(userId: string): Promise<boolean>;
  /** Returns whether there was this lockout. */
  unlock(id: string): boolean;
  /** Audit events as JSON, the newest first. */
  audit(text: string, most: number): readonly string[];
}
