import { setTimeout as sleep } from 'node:timers/promises';
import type { SaveResult } from './config-store.ts';
import type { ConsoleParts } from './console-context.ts';
import type { Draft } from './drafts.ts';

const LIVE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;
export const MAX_REASON = 200;

/** Who deploys, from where, and why. */
export interface Author {
  readonly name: string;
  readonly address: string;
  readonly reason: string;
}

export type Deployed =
  | Exclude<SaveResult, { kind: 'saved' }>
  | { readonly kind: 'saved'; readonly revision: string; readonly live: boolean };

/** Whether the running service serves a revision, and Envoy has it, waiting for both. */
async function isLive({ state }: Pick<ConsoleParts, 'state'>, revision: string): Promise<boolean> {
  for (let waited = 0; waited < LIVE_WITHIN_MS; waited += LOOK_EVERY_MS) {
    const now = state();
    if (now.revision === revision && now.envoy !== 'applying') return true;
    await sleep(LOOK_EVERY_MS);
  }
  return false;
}

/** Writes the configuration file, records it in the audit log, and waits until it is live. */
export async function deployText(
  parts: Pick<ConsoleParts, 'store' | 'audit' | 'state'>,
  draft: Draft,
  { name, address, reason }: Author,
): Promise<Deployed> {
  const result = await parts.store.save({ ...draft, author: name, reason });
  const what = result.kind === 'saved' ? `configuration ${result.revision}` : `configuration: ${result.kind}`;
  parts.audit({ event: 'console-changed', user: name, what, why: reason, address });
  return result.kind === 'saved' ? { ...result, live: await isLive(parts, result.revision) } : result;
}
