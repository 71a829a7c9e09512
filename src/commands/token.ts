import { existsSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { duration } from '../config-file/fields.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { idClaimOf } from '../jwt/identify.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import { jwksFileOf, makeDevelopmentKey, signDevelopmentToken } from '../token/development-key.ts';
import { type Command, type CommandContext, EXIT } from './context.ts';

export const help = `comfy-tenant token --init dev.jwk
comfy-tenant token --user alice [--key dev.jwk] [options]

Issues a short-lived JWT signed with a development key, to try a JWT endpoint without an identity provider. --init
creates the key (dev.jwk, keep it private) and its JWKS (dev.jwks.json), and prints the issuer to add to the
configuration. Anyone with the key can be any user: remove the issuer before production.

  --user <name>         the user in the token
  --key <file>          the development key (default: dev.jwk next to the configuration)
  --config, -c <file>   comfy-tenant.yaml
  --endpoint <name>     the JWT endpoint, if several trust the key
  --ttl <duration>      lifetime, 1s to 24h (default: 5m)`;

const OPTIONS = {
  init: { type: 'string' },
  user: { type: 'string' },
  key: { type: 'string' },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
  endpoint: { type: 'string' },
  ttl: { type: 'string', default: '5m' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

interface Trust {
  readonly rules: Issuer;
  readonly auth: JwtAuth;
}

/** The configuration that makes an endpoint trust the key. */
function issuerLines(jwksFile: string): string[] {
  return [
    'Add this under auth.issuers of a JWT endpoint:',
    `  - issuer: comfy-tenant-development`,
    `    audience: comfyui`,
    `    jwks: { file: ${JSON.stringify(jwksFile)} }`,
    `    userIdPrefix: dev   # keeps its users separate from real ones`,
  ];
}

async function init(file: string, { cwd, out, err }: CommandContext): Promise<number> {
  const keyFile = resolve(cwd, file);
  const taken = [keyFile, jwksFileOf(keyFile)].find((path) => existsSync(path));
  if (taken !== undefined) {
    err(`comfy-tenant token: ${relative(cwd, taken)} already exists; choose another file name`);
    return EXIT.failed;
  }
  await makeDevelopmentKey(keyFile);
  out(`Created ${file}: anyone who can read it can be any user of the endpoints that trust it.`);
  for (const line of issuerLines(basename(jwksFileOf(keyFile)))) out(line);
  return EXIT.ok;
}

/** The first issuer of the configuration that trusts the key. */
function trustIn(config: Config, keyFile: string, endpoint: string | undefined): Trust | undefined {
  for (const { name, auth } of config.endpoints) {
    if (auth.method !== 'JWT' || name !== (endpoint ?? name)) continue;
    const rules = auth.issuers.find(({ jwks }) => 'file' in jwks && jwks.file === jwksFileOf(keyFile));
    if (rules !== undefined) return { rules, auth };
  }
  return undefined;
}

function claimsFor(user: string, { rules, auth }: Trust): Record<string, unknown> {
  return {
    ...rules.requiredClaims,
    ...(rules.issuer === undefined ? {} : { iss: rules.issuer }),
    ...(rules.audience === undefined ? {} : { aud: rules.audience[0] }),
    [idClaimOf(auth.claimTransformations)]: user,
  };
}

async function sign(user: string, values: Values, { cwd, env, out, err }: CommandContext): Promise<number> {
  const life = duration('1s', '24h').safeParse(values.ttl);
  if (!life.success) {
    err(`comfy-tenant token: --ttl ${life.error.issues[0]?.message ?? ''}`);
    return EXIT.usage;
  }
  const loaded = loadConfig(resolve(cwd, values.config), env, values.config);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return EXIT.config;
  }
  const keyFile = resolve(cwd, values.key ?? resolve(loaded.config.file, '../dev.jwk'));
  const trust = trustIn(loaded.config, keyFile, values.endpoint);
  if (trust === undefined || !existsSync(keyFile)) {
    const shown = relative(cwd, keyFile);
    const why =
      trust === undefined
        ? `no issuer in ${values.config} uses jwks file ${relative(cwd, jwksFileOf(keyFile))}`
        : `${shown} does not exist`;
    err(`comfy-tenant token: ${why}: create a key with comfy-tenant token --init ${shown}`);
    return EXIT.config;
  }
  const { typ } = trust.rules;
  out(
    await signDevelopmentToken({
      keyFile,
      claims: claimsFor(user, trust),
      typ,
      lifeSeconds: life.data / 1000,
      now: Date.now(),
    }),
  );
  return EXIT.ok;
}

export const token: Command = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: OPTIONS });
  if (values.init !== undefined && values.user === undefined) return init(values.init, context);
  if (values.user !== undefined && values.user !== '' && values.init === undefined)
    return sign(values.user, values, context);
  context.err('comfy-tenant token: expected --user <name> or --init <file>. See comfy-tenant token --help');
  return EXIT.usage;
};
