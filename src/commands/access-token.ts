import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { AccessToken } from '../access-token/access-token.ts';
import { accessTokensCodec } from '../access-token/access-tokens-codec.ts';
import { changeTokensIn, createToken, removeTokens } from '../access-token/edit-access-tokens.ts';
import type { Claims } from '../auth/claims.ts';
import { encodeUserId } from '../auth/user-id.ts';
import { duration } from '../config-file/fields.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { stateFiles } from '../config/state-files.ts';
import { readSharedFile } from '../files/shared-file.ts';
import { idClaimOf } from '../jwt/identify.ts';
import { addRevocations, readRevocations } from '../revocation/open-revocations.ts';
import { columns } from './columns.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';
import { endpointFault, loadedConfig } from './loaded-config.ts';
import { userIdsOf } from './user-ids.ts';

export const help = `comfy-tenant access-token create --user <name> --name <text> [options]
comfy-tenant access-token list [--user <name>] [--json]
comfy-tenant access-token revoke <id>

Creates, lists and revokes access tokens, with which programs sign in as a user. A new token is printed once. Running
services that share the file apply changes within a second.

  --user <name>        the user's name
  --name <text>        what the token is for, such as "render script"
  --ttl <duration>     lifetime, such as 30d (default: 90d)
  --endpoint <name>    the endpoint, if there are several
  --issuer <issuer>    the issuer of the user's id, if the endpoint has several
  --json               list: one JSON document
  --config, -c <file>  the configuration (default: comfy-tenant.yaml)`;

const OPTIONS = {
  user: { type: 'string' },
  name: { type: 'string' },
  ttl: { type: 'string', default: '90d' },
  endpoint: { type: 'string' },
  issuer: { type: 'string' },
  json: { type: 'boolean', default: false },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

interface Run {
  readonly config: Config;
  readonly values: Values;
  readonly context: CommandContext;
}

/** Whom the token is for, or why it cannot be created. */
function ownerOf(
  user: string,
  { auth, name }: Endpoint,
  { config, values }: Run,
): { prefix: string | undefined; claims?: Claims } | string {
  if (auth.method === 'BASIC')
    return config.users.get(name)?.has(user) === true
      ? { prefix: auth.userIdPrefix }
      : `${name} has no user ${user}: add one with comfy-tenant user add ${user}`;
  const found = auth.issuers.filter(({ issuer }) => values.issuer === undefined || issuer === values.issuer);
  const [rules] = found;
  if (rules === undefined || found.length > 1) return `choose an issuer of ${name} with --issuer`;
  const iss = rules.issuer === undefined ? {} : { iss: rules.issuer };
  return { prefix: rules.userIdPrefix, claims: { ...iss, [idClaimOf(auth.claimTransformations)]: user } };
}

function theEndpoint({ config, values }: Run): Endpoint | string {
  const endpoints = config.endpoints.filter(({ name }) => name === (values.endpoint ?? name));
  const [endpoint] = endpoints;
  return endpoint === undefined || endpoints.length > 1
    ? `choose an endpoint with --endpoint ${endpoints.map(({ name }) => name).join('|')}`
    : endpoint;
}

async function create(run: Run): Promise<string | undefined> {
  const { config, values, context } = run;
  const { user, name } = { user: '', name: '', ...values };
  const life = duration('1m', '3650d').safeParse(values.ttl);
  if (!life.success) return `--ttl ${life.error.issues[0]?.message ?? ''}`;
  if (life.data > config.accessTokens.maxAge) return '--ttl is longer than accessTokens.maxAge';
  const endpoint = theEndpoint(run);
  if (typeof endpoint === 'string') return endpoint;
  const owner = ownerOf(user, endpoint, run);
  if (typeof owner === 'string') return owner;
  const userId = encodeUserId(user, owner.prefix);
  if (userId === undefined) return '--user must be the name of a user';
  const result = await createToken(
    { endpoint: endpoint.name, user, userId, claims: owner.claims, name, lifetimeMs: life.data },
    { change: changeTokensIn(stateFiles(config).accessTokens), now: Date.now, randomBytes },
  );
  if (result.kind === 'refused') return result.fault;
  context.out(result.text);
  const expires = new Date(result.token.expiresAtMs).toISOString();
  context.err(`${result.token.id}: ${user} at ${endpoint.name}, until ${expires}. It is not shown again.`);
  return undefined;
}

function row(
  { id, name, user, endpoint, expiresAtMs, lastUsedAtMs }: AccessToken,
  isRevoked: boolean,
): string[] {
  const used = lastUsedAtMs === undefined ? 'never' : new Date(lastUsedAtMs).toISOString();
  const expires = isRevoked ? 'revoked' : new Date(expiresAtMs).toISOString();
  return [id, name, user, endpoint, expires, used];
}

const HEADER = ['ID', 'NAME', 'USER', 'ENDPOINT', 'EXPIRES', 'LAST USED'];

function list({ config, values, context }: Run): void {
  const ids = values.user === undefined ? undefined : userIdsOf(values.user, config.endpoints);
  const tokens = readSharedFile(stateFiles(config).accessTokens, accessTokensCodec).filter(
    ({ userId, endpoint }) => (ids?.includes(userId) ?? true) && endpoint === (values.endpoint ?? endpoint),
  );
  const revocations = readRevocations(stateFiles(config).revocations);
  const isRevoked = ({ id: sessionId, endpoint, userId, createdAtMs: issuedAtMs }: AccessToken): boolean =>
    revocations.isRevoked({ sessionId, endpoint, userId, issuedAtMs });
  const listed = tokens.map((token) => ({
    ...{ ...token, digest: undefined, claims: undefined },
    revoked: isRevoked(token),
  }));
  if (values.json) context.out(JSON.stringify({ accessTokens: listed }, null, 2));
  else if (tokens.length === 0) context.err('No access tokens.');
  else
    for (const line of columns([HEADER, ...tokens.map((token) => row(token, isRevoked(token)))]))
      context.out(line);
}

async function revokeOne(id: string, { config, context }: Run): Promise<string | undefined> {
  const [removed] = await removeTokens(
    changeTokensIn(stateFiles(config).accessTokens),
    (token) => token.id === id,
  );
  if (removed === undefined)
    return `there is no access token ${id}: list them with comfy-tenant access-token list`;
  const { endpoint, userId, expiresAtMs: untilMs } = removed;
  // Closes its WebSockets.
  await addRevocations(
    stateFiles(config).revocations,
    [{ endpoint, userId, sessionId: id, untilMs }],
    Date.now(),
  );
  context.out(`The access token ${removed.name} of ${removed.user} is revoked.`);
  return undefined;
}

function usageFault(positionals: readonly string[], { user, name }: Values): string | undefined {
  const [action, id, ...others] = positionals;
  const isRight = others.length === 0 && (action === 'revoke') === (id !== undefined);
  if (!isRight || !['create', 'list', 'revoke'].includes(action ?? ''))
    return 'expected create, list or revoke <id>';
  return action === 'create' && (user === undefined || name === undefined)
    ? 'create needs --user and --name'
    : undefined;
}

export const accessToken: Command = async (context) => {
  const { values, positionals } = parseArgs({
    args: [...context.args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const fail = (text: string, code: number): number => {
    context.err(`comfy-tenant access-token: ${text}`);
    return code;
  };
  const usage = usageFault(positionals, values);
  if (usage !== undefined) return fail(`${usage}. See comfy-tenant access-token --help`, EXIT.usage);
  const config = loadedConfig(values.config, context);
  if (config === undefined) return EXIT.config;
  const noEndpoint = endpointFault(config, values.endpoint);
  if (noEndpoint !== undefined) return fail(noEndpoint, EXIT.config);
  const run = { config, values, context };
  const [action, id = ''] = positionals;
  const actions = {
    create: () => create(run),
    list: () => {
      list(run);
      return undefined;
    },
    revoke: () => revokeOne(id, run),
  };
  const fault = await actions[action as keyof typeof actions]();
  return fault === undefined ? EXIT.ok : fail(fault, EXIT.failed);
};
