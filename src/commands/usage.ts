import { parseArgs } from 'node:util';
import { askUsage, tenantComfyuis, type UsageReport, type UserUse } from '../comfyui/ask-usage.ts';
import { sumUsage } from '../comfyui/sum-usage.ts';
import { duration } from '../config-file/fields.ts';
import type { Config } from '../config/schema.ts';
import { explainError } from '../errors/explain-error.ts';
import { loadTokenKeys } from '../token/token-key.ts';
import { columns } from './columns.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';
import { loadedConfig } from './loaded-config.ts';

export const help = `comfy-tenant usage [--since 7d] [--json | --csv] [--config comfy-tenant.yaml]

Lists what each user used: prompts, failed ones, GPU seconds, seconds in the queue, and bytes stored now. Asks every ComfyUI
of the configuration; the figures of a user are summed. Exit code 69 if a ComfyUI does not answer; the others are listed.

  --since <duration>    prompts that ended within this time, 1s to 400d (default: 30d)
  --json                print JSON, with one entry per user
  --csv                 print comma-separated values`;

const OPTIONS = {
  since: { type: 'string', default: '30d' },
  json: { type: 'boolean', default: false },
  csv: { type: 'boolean', default: false },
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
} as const;

const COLUMNS = ['user', 'prompts', 'failed', 'gpuSeconds', 'waitedSeconds', 'bytes'] as const;

/** A user id contains no comma, quote or line break, and spreadsheets must not run one that begins with + or @ as a formula. */
function csvCell(value: string | number): string {
  return typeof value === 'string' && /^[=+@-]/.test(value) ? `'${value}` : String(value);
}

function csvLines(users: readonly UserUse[]): string[] {
  return [COLUMNS.join(','), ...users.map((one) => COLUMNS.map((name) => csvCell(one[name])).join(','))];
}

function tableLines(users: readonly UserUse[]): string[] {
  const header = ['user', 'prompts', 'failed', 'GPU s', 'waited s', 'bytes'];
  const rows = users.map((one) => COLUMNS.map((name) => String(one[name])));
  return columns([header, ...rows], (column) => column > 0);
}

function linesOf(users: readonly UserUse[], { json, csv }: { json: boolean; csv: boolean }): string[] {
  if (json) return [JSON.stringify(users, null, 2)];
  return csv ? csvLines(users) : tableLines(users);
}

/** Asks all ComfyUIs; undefined for one that did not answer, which is reported. */
async function ask(
  config: Config,
  sinceMs: number,
  err: (line: string) => void,
): Promise<(UsageReport | undefined)[]> {
  const keys = loadTokenKeys(config.comfyui.tokenKeyFile);
  const nowMs = Date.now();
  return Promise.all(
    tenantComfyuis(config).map((one) =>
      askUsage(one, { keys, sinceMs: nowMs - sinceMs, nowMs }).catch((error: unknown) => {
        err(`comfy-tenant usage: ComfyUI at ${new URL(one.url).host}: ${explainError(error)}`);
        return undefined;
      }),
    ),
  );
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** @param sinceMs how long ago */
async function list(sinceMs: number, values: Values, context: CommandContext): Promise<number> {
  const { out, err } = context;
  const config = loadedConfig(values.config, context);
  if (config === undefined) return EXIT.config;
  const reports = await ask(config, sinceMs, err);
  if (reports.length === 0) {
    err(`${values.config}: no endpoint has multiTenant: true, so no use is recorded by user`);
    return EXIT.config;
  }
  const users = sumUsage(reports.flatMap((report) => report?.users ?? []));
  for (const line of linesOf(users, values)) out(line);
  return reports.includes(undefined) ? EXIT.unavailable : EXIT.ok;
}

export const usage: Command = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: OPTIONS });
  const since = duration('1s', '400d').safeParse(values.since);
  if (since.success && !(values.json && values.csv)) return list(since.data, values, context);
  const why = since.success
    ? 'give --json or --csv, not both'
    : `--since ${since.error.issues[0]?.message ?? ''}`;
  context.err(`comfy-tenant usage: ${why}`);
  return EXIT.usage;
};
