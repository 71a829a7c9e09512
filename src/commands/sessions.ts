import { parseArgs } from 'node:util';
import { readRevocations } from '../revocation/open-revocations.ts';
import type { RegisteredSession } from '../revocation/registered-sessions.ts';
import { openSessionRegister } from '../revocation/session-register.ts';
import { columns } from './columns.ts';
import { type Command, EXIT } from './context.ts';
import { stateFiles } from '../config/state-files.ts';
import { loadedConfig } from './loaded-config.ts';
import { userIdsOf } from './user-ids.ts';

export const help = `comfy-tenant sessions [--user <name>] [--json]

Lists the sessions of people who signed in with a browser, the newest first. End one with comfy-tenant revoke --session.

  --user <name>        only this user's: the name, or the id in the log
  --json               one JSON document
  --config, -c <file>  the configuration (default: comfy-tenant.yaml)`;

const OPTIONS = {
  user: { type: 'string' },
  json: { type: 'boolean', default: false },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
} as const;

function row(session: RegisteredSession): string[] {
  const { id, user, endpoint, address, browser, signedInAtMs, endsAtMs } = session;
  return [
    id,
    user,
    endpoint,
    address,
    browser,
    new Date(signedInAtMs).toISOString(),
    new Date(endsAtMs).toISOString(),
  ];
}

const HEADER = ['SESSION', 'USER', 'ENDPOINT', 'ADDRESS', 'BROWSER', 'SIGNED IN', 'ENDS'];

export const sessions: Command = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: OPTIONS });
  const config = loadedConfig(values.config, context);
  if (config === undefined) return EXIT.config;
  const ids = values.user === undefined ? undefined : userIdsOf(values.user, config.endpoints);
  const files = stateFiles(config);
  const revocations = readRevocations(files.revocations);
  const found = openSessionRegister({ path: files.sessions, now: Date.now })
    .list()
    .filter(({ userId }) => ids?.includes(userId) ?? true)
    .filter(
      ({ id, signedInAtMs, ...rest }) =>
        !revocations.isRevoked({ ...rest, sessionId: id, issuedAtMs: signedInAtMs }),
    );
  if (values.json) context.out(JSON.stringify({ sessions: found }, null, 2));
  else if (found.length > 0) for (const line of columns([HEADER, ...found.map(row)])) context.out(line);
  else context.err('No sessions.');
  return Promise.resolve(EXIT.ok);
};
