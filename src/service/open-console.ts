import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import type { Log } from '../admin/log.ts';
import type { Audit } from '../auth/audit-event.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import { createLoginThrottle } from '../basic/login-throttle.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { openAccounts } from '../console/accounts.ts';
import { openConfigStore } from '../console/config-store.ts';
import { createDrafts } from '../console/drafts.ts';
import type { ServiceState } from '../console/console-context.ts';
import type { FindEndpoint } from '../ext-authz/endpoint-router.ts';
import { createConsoleSessions } from '../console/console-sessions.ts';
import { createConsole } from '../console/create-console.ts';
import { createFormTokens } from '../console/form-tokens.ts';
import { CONSOLE_PAGES } from '../console/console-pages.ts';
import { tryToken } from './try-token.ts';

export interface OpenConsoleOptions {
  /** At startup: where accounts are stored. */
  readonly config: Config;
  readonly current: () => Config;
  readonly state: () => ServiceState;
  /** Undefined if the configuration is not a file: then there is no console. */
  readonly checkText: ((text: string) => LoadedConfig) | undefined;
  /** The endpoints that are being served. */
  readonly findEndpoint: FindEndpoint;
  readonly hashing: HashQueue;
  readonly audit: Audit;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonic: () => number;
}

/** The console, with accounts, sessions and throttling of its own; undefined if it is off. */
export function openConsole(options: OpenConsoleOptions): Hono | undefined {
  const { config, checkText, hashing, audit, log, now, monotonic } = options;
  if (!config.console.enabled || checkText === undefined) return undefined;
  const files = stateFiles(config);
  const accounts = openAccounts({ path: files.consoleAccounts, now, randomBytes });
  const parts = {
    accounts,
    sessions: createConsoleSessions({ accounts: () => accounts.list(), now: monotonic, randomBytes }),
    formTokens: createFormTokens(randomBytes(32)),
    hashing,
    throttle: createLoginThrottle(monotonic, (kind) => {
      log.warn({ kind }, 'failed sign-ins to the console are delayed');
    }),
    audit,
    config: options.current,
    state: options.state,
    checkText,
    tryToken: (endpoint: string, token: string) =>
      tryToken(token, endpoint, { config: options.current(), findEndpoint: options.findEndpoint }),
    store: openConfigStore({ file: config.file, historyDir: files.consoleHistory, checkText, now }),
    drafts: createDrafts(),
    secret: randomBytes(32),
    historyDir: files.consoleHistory,
    now,
    randomBytes,
    onError(error: unknown) {
      log.error({ err: error }, 'the console failed');
    },
  };
  return createConsole(parts, CONSOLE_PAGES);
}
