import { randomBytes } from 'node:crypto';
import type { Log } from '../admin/log.ts';
import { createLoginThrottle, type Lockouts, type LoginThrottle } from '../basic/login-throttle.ts';
import type { HashQueue } from '../basic/hash-queue.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { openAccounts } from '../console/accounts.ts';
import { createApi } from '../console/api/create-api.ts';
import { openConfigStore } from '../console/config-store.ts';
import { CONSOLE_PAGES } from '../console/console-pages.ts';
import { createConsoleSessions } from '../console/console-sessions.ts';
import { createConsole } from '../console/create-console.ts';
import { createDrafts } from '../console/drafts.ts';
import { createFormTokens } from '../console/form-tokens.ts';
import { createVerification } from '../console/verification.ts';
import type { AdminOptions } from '../admin/admin-server.ts';
import { addressList } from '../http/address-list.ts';
import { createOperations, type OperationsOptions } from './create-operations.ts';
import { tryToken } from './try-token.ts';

export interface OpenConsoleOptions extends Omit<OperationsOptions, 'config' | 'throttle'> {
  /** At startup: where accounts are stored. */
  readonly config: Config;
  readonly current: () => Config;
  /** Undefined if the configuration is not a file: then there is no console. */
  readonly checkText: ((text: string) => LoadedConfig) | undefined;
  readonly hashing: HashQueue;
  /** Of the endpoints. */
  readonly throttle: LoginThrottle & Lockouts;
  readonly log: Log;
  readonly monotonic: () => number;
}

/** The console and its API, with accounts, sessions and throttling of their own; nothing if they are off. */
export function openConsole(options: OpenConsoleOptions): Pick<AdminOptions, 'console' | 'api'> {
  const { config, checkText, hashing, audit, log, now, monotonic, current, built, state } = options;
  if (!config.console.enabled || checkText === undefined) return {};
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
    config: current,
    state,
    operations: createOperations({ ...options, config: current }),
    verification: createVerification({ config: current, revision: () => state().revision, now }),
    isAllowed: addressList(config.console.allowedAddresses),
    checkText,
    tryToken: (endpoint: string, token: string) =>
      tryToken(token, endpoint, { config: current(), findEndpoint: (name) => built().findEndpoint(name) }),
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
  return { console: createConsole(parts, CONSOLE_PAGES), api: createApi(parts) };
}
