import { dirname, join } from 'node:path';
import type { Config } from './schema.ts';

/** The files that the service writes and replicas share. */
export interface StateFiles {
  readonly sessionKeys: string;
  readonly revocations: string;
  readonly sessions: string;
  readonly accessTokens: string;
  readonly consoleAccounts: string;
  readonly consoleHistory: string;
}

type Places = Pick<Config, 'session' | 'revocation' | 'accessTokens' | 'comfyui' | 'console'>;

/** The configured files; by default next to the key that signs tokens, because the folder of the configuration may be read-only. */
export function stateFiles({ session, revocation, accessTokens, comfyui, console }: Places): StateFiles {
  const beside = (name: string): string => join(dirname(comfyui.tokenKeyFile), name);
  return {
    sessionKeys: session.keyFile ?? beside('session.keys'),
    revocations: revocation.file ?? beside('revocations.json'),
    sessions: revocation.sessionsFile ?? beside('sessions.jsonl'),
    accessTokens: accessTokens.file ?? beside('access-tokens.json'),
    consoleAccounts: console.accountsFile ?? beside('console-accounts.json'),
    consoleHistory: console.historyDir ?? beside('console-history'),
  };
}
