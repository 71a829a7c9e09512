import { randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { openAccounts } from '../console/accounts.ts';
import { consoleAddress, setupLink } from '../console/console-address.ts';

/**
 * The address of the console; undefined if it is off. While there is no administrator, and only for a terminal, a one-time
 * link: a log would keep it.
 *
 * @param port the admin server's
 */
export async function consoleInvitation(config: Config, isTerminal: boolean): Promise<string | undefined> {
  if (!config.console.enabled) return undefined;
  const address = consoleAddress(config.admin.listen);
  const store = openAccounts({ path: stateFiles(config).consoleAccounts, now: Date.now, randomBytes });
  if (store.list().some(({ role }) => role === 'administrator')) return address;
  if (!isTerminal) return `${address} (first: comfy-tenant console link --config ${config.file})`;
  return `${setupLink(address, await store.createLink({ role: 'administrator' }))} (works once, 30 minutes)`;
}
