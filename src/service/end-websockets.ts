import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../admin/log.ts';
import type { Metrics } from '../admin/metrics.ts';
import { closeWebSockets, type CloseResult, type Ended } from '../comfyui/close-websockets.ts';
import type { Config } from '../config/schema.ts';
import { mintRightToken } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';

export interface EndWebSocketsOptions {
  readonly keys: TokenKeys;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Closes open WebSockets of people who are no longer allowed in. */
export interface EndWebSockets {
  /** Starts closing; results are logged and counted. */
  ended(config: Config, ended: readonly Ended[]): void;
  /**
   * The same for users whose password changed. A request that was checked before the change may still open a WebSocket, and
   * no token tells when a password was used, so it is repeated.
   */
  passwordsChanged(config: Config, users: readonly Ended[]): void;
  close(): void;
}

const REPEAT_AFTER_MS = 5000;

export function createEndWebSockets({ keys, log, metrics, fetch, now }: EndWebSocketsOptions): EndWebSockets {
  const stopped = new AbortController();
  // One for each change that is waiting to be repeated, and any number of changes may come at once.
  setMaxListeners(0, stopped.signal);
  const { signal } = stopped;

  function onResult(result: CloseResult): void {
    const comfyui = new URL(result.url).host;
    if (result.kind === 'closed') {
      metrics.webSocketsClosed.inc(result.sockets);
      if (result.sockets > 0) log.info({ comfyui, sockets: result.sockets }, 'WebSockets closed');
      return;
    }
    metrics.webSocketCloseFailures.inc();
    const { problem } = result;
    if (result.kind === 'failed') log.debug({ comfyui, problem }, 'WebSockets not closed yet; trying again');
    else
      log.error(
        { comfyui, problem },
        'WebSockets of revoked sessions may still be open: restart this ComfyUI',
      );
  }

  async function end(config: Config, ended: readonly Ended[]): Promise<void> {
    const token = (audience: string): Promise<string> =>
      mintRightToken(keys, { right: 'close', audience }, now());
    await closeWebSockets(config, ended, { fetch, token, onResult, signal });
  }

  return {
    ended(config, ended) {
      if (ended.length > 0) void end(config, ended);
    },
    passwordsChanged(config, users) {
      if (users.length === 0) return;
      void end(config, users);
      void sleep(REPEAT_AFTER_MS, undefined, { signal, ref: false })
        .then(() => end(config, users))
        .catch(() => undefined); // Rejects only when the service ends.
    },
    close() {
      stopped.abort();
    },
  };
}
