import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exposedFiles } from '../config/exposed-files.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { shownUrl } from '../jwt/fetch-jwks.ts';
import type { Issuer } from '../jwt/issuer-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import { runLiveChecks } from '../comfyui/live-checks.ts';
import { loadTokenKeys } from '../token/token-key.ts';
import { reportKeys } from './check-keys.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';
import { inspectComfyui } from '../install/inspect-comfyui.ts';
import { addressText } from '../http/host-port.ts';

export const help = `comfy-tenant check [--config comfy-tenant.yaml] [--live]
comfy-tenant check --comfyui <folder> [--python <program>] [--json]

Validates the configuration and every file it references. Prints each problem with its location and a fix, or a summary
of what would be served. Starts nothing and fetches no keys. Exit code 78 if there are problems.
  --live  also checks the running ComfyUIs for broken isolation: missing plugin, mismatched key, port reachable without
          the gateway, ComfyUI-Manager, clock skew, full disk. Exit code 69 if one must not serve.
  --comfyui  reads the source of a ComfyUI that is not running, such as one that you are about to install: whether the plugin
          fits, which flags matter, and which node packs have profiles. Exit code 78 if the plugin does not fit.`;

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function keysOf({ jwks }: Issuer): string {
  if ('url' in jwks) return shownUrl(jwks.url);
  if ('file' in jwks) return jwks.file;
  return 'keys' in jwks ? count(jwks.keys.length, 'key') + ' in the configuration' : 'discovery';
}

function issuerLine(rules: Issuer): string {
  const audience = rules.audience === undefined ? 'any audience' : `audience ${rules.audience.join(' or ')}`;
  return `  issuer ${rules.issuer ?? '(any)'}, ${audience}, keys from ${keysOf(rules)}`;
}

function methodLines(auth: BasicAuth | JwtAuth, users: number): string[] {
  return auth.method === 'BASIC' ? [`  ${count(users, 'user')}`] : auth.issuers.map(issuerLine);
}

function accessLines({ rules, tests, allowedOrigins }: Endpoint): string[] {
  return [
    ...(rules.length === 0
      ? []
      : [`  ${count(rules.length, 'access rule')}, ${count(tests.length, 'test')} passed`]),
    ...(allowedOrigins.length === 0
      ? []
      : [`  pages of other origins may use it:  ${allowedOrigins.join(' ')}`]),
  ];
}

function endpointLines(endpoint: Endpoint, users: Config['users']): string[] {
  const { name, domains, upstream, multiTenant, auth, publicPaths } = endpoint;
  const paths = publicPaths.map(({ path }) => path).join(' ');
  return [
    `endpoint ${name}: ${domains.join(' ')} → ${upstream.join(' ')}`,
    `  ${auth.method}, ${multiTenant ? 'multi-tenant' : 'NOT multi-tenant: all users share one ComfyUI'}`,
    ...methodLines(auth, users.get(name)?.size ?? 0),
    ...(paths === '' ? [] : [`  public, no authentication:  ${paths}`]),
    ...accessLines(endpoint),
  ];
}

function summary(
  { config, revision }: Extract<LoadedConfig, { ok: true }>,
  keys: readonly string[],
): string[] {
  const [gateway, service, admin] = [config.gateway, config.service, config.admin].map(({ listen }) =>
    addressText(listen),
  );
  return [
    ...config.endpoints.flatMap((endpoint) => endpointLines(endpoint, config.users)),
    ...keys,
    `gateway ${gateway}, service ${service}, admin ${admin}`,
    `revision ${revision}: valid. Users' data is isolated; check --live shows whether the kernel confines custom nodes.`,
  ];
}

/** Checks the running ComfyUIs and prints the results. */
async function checkLive(
  { config }: Extract<LoadedConfig, { ok: true }>,
  out: (line: string) => void,
): Promise<number> {
  const found = await runLiveChecks(config, loadTokenKeys(config.comfyui.tokenKeyFile));
  for (const { level, text } of found) out(`${level}: ${text}`);
  return found.some(({ level }) => level === 'fault') ? EXIT.unavailable : EXIT.ok;
}

function rejected(faults: readonly string[], err: (line: string) => void): Promise<number> {
  for (const fault of faults) err(fault);
  err(`${count(faults.length, 'problem')} found; the service would not start.`);
  return Promise.resolve(EXIT.config);
}

async function checkSource(
  { env, cwd, signal, out, err }: CommandContext,
  { comfyui, python: named, json }: { comfyui: string; python?: string | undefined; json: boolean },
): Promise<number> {
  const python = named?.includes('/') === true ? resolve(cwd, named) : named;
  const { code, lines, errors } = await inspectComfyui({ comfyui, python, json, env, signal });
  for (const line of lines) out(line);
  for (const error of errors) err(`comfy-tenant check: ${error}`);
  return code;
}

export const check: Command = (context) => {
  const { args, env, cwd, out, err } = context;
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
      live: { type: 'boolean', default: false },
      comfyui: { type: 'string' },
      python: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  if (values.comfyui !== undefined)
    return checkSource(context, { ...values, comfyui: resolve(cwd, values.comfyui) });
  const loaded = loadConfig(resolve(cwd, values.config), env, values.config);
  for (const warning of loaded.warnings) err(`warning: ${warning}`);
  if (!loaded.ok) return rejected(loaded.faults, err);
  const warn = (warning: string): void => {
    err(`warning: ${loaded.conceal(warning)}`);
  };
  for (const warning of exposedFiles(loaded.config)) warn(warning);
  const keys = reportKeys(loaded.config);
  for (const warning of keys.warnings) warn(warning);
  if (keys.faults.length > 0) return rejected(keys.faults.map(loaded.conceal), err);
  const print = (line: string): void => {
    out(loaded.conceal(line));
  };
  for (const line of summary(loaded, keys.lines)) print(line);
  return values.live ? checkLive(loaded, print) : Promise.resolve(EXIT.ok);
};
