import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { stateFiles } from '../config/state-files.ts';
import { openAccounts } from '../console/accounts.ts';
import { consoleAddress, setupLink } from '../console/console-address.ts';
import { type Command, EXIT } from './context.ts';
import { loadedConfig } from './loaded-config.ts';

export const help = `comfy-tenant console link [--role administrator|viewer] [--account <name>]

Prints a one-time link to the console, valid for 30 minutes, with which someone chooses a name and a password. Open it in
a browser on this machine. Earlier unused links of the same kind end.

  --role             what the new account may do (default: administrator)
  --account <name>   set a new password for this account instead; ends its sessions
  --config, -c <file>  the configuration (default: comfy-tenant.yaml)`;

const OPTIONS = {
  role: { type: 'string', default: 'administrator' },
  account: { type: 'string' },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
} as const;

export const console: Command = async (context) => {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const fail = (text: string, code: number): number => {
    context.err(`comfy-tenant console: ${text}`);
    return code;
  };
  const { role, account } = values;
  if (positionals.join(' ') !== 'link' || (role !== 'administrator' && role !== 'viewer'))
    return fail(
      'expected link, and --role administrator or viewer. See comfy-tenant console --help',
      EXIT.usage,
    );
  const config = loadedConfig(values.config, context);
  if (config === undefined) return EXIT.config;
  if (!config.console.enabled) return fail('the configuration has console: off', EXIT.config);
  const store = openAccounts({ path: stateFiles(config).consoleAccounts, now: Date.now, randomBytes });
  const existing = store.list().find(({ name }) => name === account);
  if (account !== undefined && existing === undefined)
    return fail(`there is no account ${account}`, EXIT.failed);
  const secret = await store.createLink({ role: existing?.role ?? role, account });
  context.out(setupLink(consoleAddress(config.admin.listen), secret));
  return EXIT.ok;
};
