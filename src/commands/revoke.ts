import { parseArgs } from 'node:util';
import type { UserId } from '../auth/user-id.ts';
import type { Config } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { addRevocations } from '../revocation/open-revocations.ts';
import { KEEP_REVOCATION_MS, type Revocation } from '../revocation/revocations.ts';
import { issuedBeforeNow } from '../revocation/issued-before.ts';
import { openSessionRegister } from '../revocation/session-register.ts';
import { type Command, EXIT } from './context.ts';
import { endpointFault, loadedConfig } from './loaded-config.ts';
import { userIdsOf } from './user-ids.ts';

export const help = `comfy-tenant revoke --user <name> [--endpoint <name>] [--issued-before <time>]
comfy-tenant revoke --session <id>
comfy-tenant revoke --issued-before <time> [--endpoint <name>]

Ends sessions, tokens and access tokens that were issued before now, or before a time, and closes the WebSockets that were
opened with them. Running services that share the file apply it within a second. Passwords stay valid: change them, or
remove the user.

  --user <name>           the user's name, or the id in the log
  --session <id>          one session, as listed by comfy-tenant sessions
  --issued-before <time>  such as 2026-01-31T12:00:00Z; without --user: everyone's
  --endpoint <name>       only at this endpoint
  --config, -c <file>     the configuration (default: comfy-tenant.yaml)`;

const OPTIONS = {
  user: { type: 'string' },
  session: { type: 'string' },
  'issued-before': { type: 'string' },
  endpoint: { type: 'string' },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

interface Request {
  readonly config: Config;
  readonly values: Values;
  readonly nowMs: number;
}

interface Planned {
  readonly entries: readonly Revocation[];
  /** What was done, one line each. */
  readonly lines: readonly string[];
}

function usageFault(values: Values): string | undefined {
  const { user, session, endpoint, 'issued-before': time } = values;
  if (session !== undefined)
    return [user, endpoint, time].every((one) => one === undefined)
      ? undefined
      : '--session takes no other option: it is one session of one user';
  if (user === undefined && time === undefined) return 'expected --user, --session or --issued-before';
  if (user === '') return '--user must not be empty';
  if (time !== undefined && (!TIME.test(time) || Number.isNaN(Date.parse(time))))
    return '--issued-before must be a time with a time zone, such as 2026-01-31T12:00:00Z';
  return undefined;
}

function ofSession(id: string, { config, nowMs }: Request): Planned | string {
  const path = stateFiles(config).sessions;
  const found = openSessionRegister({ path, now: () => nowMs }).find(id);
  if (found === undefined)
    return `there is no session ${id}: list them with comfy-tenant sessions, or use --user`;
  const { endpoint, userId, user, endsAtMs } = found;
  // Some room: the clocks of replicas differ.
  const entry = { endpoint, userId, sessionId: id, untilMs: endsAtMs + 86_400_000 };
  return { entries: [entry], lines: [`The session of ${user} at ${endpoint} has ended.`] };
}

function nowFor(ids: readonly UserId[], { config, nowMs }: Request): number {
  const path = stateFiles(config).sessions;
  return issuedBeforeNow(ids, openSessionRegister({ path, now: () => nowMs }).list(), nowMs);
}

function passwordNote(user: string, { config }: Request): string[] {
  const lists = [...config.users].filter(([, users]) => users.has(user)).map(([endpoint]) => endpoint);
  if (lists.length === 0) return [];
  return [
    `The password of ${user} is still valid at ${lists.join(', ')}: change it with comfy-tenant user add --replace ${user}, or remove the user.`,
  ];
}

function ofUser(user: string, request: Request): Planned | string {
  const { config, values, nowMs } = request;
  const { endpoint, 'issued-before': time } = values;
  const ids = userIdsOf(
    user,
    config.endpoints.filter(({ name }) => name === (endpoint ?? name)),
  );
  if (ids.length === 0) return `${user} cannot be a user: the name is empty or too long`;
  const issuedBeforeMs = time === undefined ? nowFor(ids, request) : Date.parse(time);
  const entries = ids.map((userId) => ({
    endpoint,
    userId,
    issuedBeforeMs,
    untilMs: nowMs + KEEP_REVOCATION_MS,
  }));
  const where = endpoint === undefined ? '' : ` at ${endpoint}`;
  const since = new Date(issuedBeforeMs).toISOString();
  const done = `Sessions, tokens and access tokens of ${user}${where} issued before ${since} are revoked.`;
  return { entries, lines: [done, ...passwordNote(user, request)] };
}

function ofEveryone(time: string, { values: { endpoint }, nowMs }: Request): Planned {
  const issuedBeforeMs = Date.parse(time);
  const where = endpoint === undefined ? '' : ` at ${endpoint}`;
  const since = new Date(issuedBeforeMs).toISOString();
  return {
    entries: [{ endpoint, issuedBeforeMs, untilMs: nowMs + KEEP_REVOCATION_MS }],
    lines: [`All sessions, tokens and access tokens${where} issued before ${since} are revoked.`],
  };
}

function plan(request: Request): Planned | string {
  const { user, session, 'issued-before': time } = request.values;
  if (time !== undefined && Date.parse(time) > request.nowMs + 60_000)
    return `${time} is in the future: no one could sign in until then`;
  if (session !== undefined) return ofSession(session, request);
  return user === undefined ? ofEveryone(time ?? '', request) : ofUser(user, request);
}

export const revoke: Command = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: OPTIONS });
  const fail = (text: string, code: number): number => {
    context.err(`comfy-tenant revoke: ${text}`);
    return code;
  };
  const fault = usageFault(values);
  if (fault !== undefined) return fail(`${fault}. See comfy-tenant revoke --help`, EXIT.usage);
  const config = loadedConfig(values.config, context);
  if (config === undefined) return EXIT.config;
  const noEndpoint = endpointFault(config, values.endpoint);
  if (noEndpoint !== undefined) return fail(noEndpoint, EXIT.config);
  const nowMs = Date.now();
  const planned = plan({ config, values, nowMs });
  if (typeof planned === 'string') return fail(planned, EXIT.failed);
  await addRevocations(stateFiles(config).revocations, planned.entries, nowMs);
  for (const line of planned.lines) context.out(line);
  return EXIT.ok;
};
