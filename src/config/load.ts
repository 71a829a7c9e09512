import { dirname, resolve } from 'node:path';
import { makePathsAbsolute } from './absolute-paths.ts';
import { concealer, type Conceal } from '../config-file/conceal.ts';
import { openFiles } from '../config-file/files.ts';
import { pathText, type ConfigPath, type Diagnostics } from '../config-file/diagnostics.ts';
import { parseParts } from './parse-parts.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import { revisionOf } from './revision.ts';
import { checkRules } from './rules/check-rules.ts';
import type { Config } from './schema.ts';
import { parseYaml, type ParsedYaml, type Position } from '../config-file/yaml-source.ts';

interface Consulted {
  /** Absolute paths of all files that the result depends on, existing or not. */
  readonly files: readonly string[];
  /** Problems that do not prevent serving. */
  readonly warnings: readonly string[];
  /** Replaces values of environment variables, which may be secrets, in a text. */
  readonly conceal: Conceal;
}

export type LoadedConfig =
  | ({ readonly ok: true; readonly config: Config; readonly revision: string } & Consulted)
  | ({ readonly ok: false; readonly faults: readonly string[] } & Consulted);

type Env = Readonly<Record<string, string | undefined>>;

const MAX_MEBIBYTES = 4;

interface Message extends Position {
  readonly text: string;
}

/** In file order; messages about other files come last. */
function inOrder(messages: readonly Message[]): string[] {
  const sorted = messages
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ text }) => text);
  return [...new Set(sorted)];
}

interface Collected extends Diagnostics {
  faults(): string[];
  warnings(): string[];
}

function collect(file: string, { source, faults: parsed, values }: ParsedYaml): Collected {
  const conceal = concealer(values);
  const at = ({ line, column }: Position, text: string): Message => {
    return { line, column, text: `${file}:${line}:${column}${text}` };
  };
  const faults: Message[] = parsed.map((fault) => at(fault, `: ${fault.message}`));
  const warnings: Message[] = [];
  const said = (path: ConfigPath, message: string, part?: 'key' | 'value'): Message => {
    const position = source.locate(path, part);
    const shown = conceal(message);
    return at(position, path.length === 0 ? `: ${shown}` : ` ${pathText(path)}: ${shown}`);
  };
  const elsewhere = (place: string, message: string): Message => {
    return { line: Number.MAX_SAFE_INTEGER, column: 0, text: conceal(`${place}: ${message}`) };
  };
  return {
    faults: () => inOrder(faults),
    warnings: () => inOrder(warnings),
    fault: (path, message, part) => void faults.push(said(path, message, part)),
    warn: (path, message) => void warnings.push(said(path, message)),
    faultIn: (place, message) => void faults.push(elsewhere(place, message)),
    warnIn: (place, message) => void warnings.push(elsewhere(place, message)),
  };
}

function isScalarAt(value: unknown, path: ConfigPath): boolean {
  let found = value;
  for (const part of path) found = (found as Record<string | number, unknown> | null | undefined)?.[part];
  return ['string', 'number', 'boolean'].includes(typeof found);
}

/** For a file with a YAML syntax error: reports only keys and scalars before the error. */
function beforeBreak(diagnostics: Diagnostics, { source }: ParsedYaml, brokenFromLine: number): Diagnostics {
  const isSure = (path: ConfigPath, part?: 'key' | 'value'): boolean =>
    (part === 'key' || isScalarAt(source.value, path)) && source.locate(path, 'key').line < brokenFromLine;
  return {
    ...diagnostics,
    fault: (path, message, part) => {
      if (isSure(path, part)) diagnostics.fault(path, message, part);
    },
  };
}

function check(parsed: ParsedYaml, path: string, shownAs: string): LoadedConfig {
  const files = openFiles(shownAs, dirname(path));
  const diagnostics = collect(shownAs, parsed);
  const sure =
    parsed.brokenFromLine === undefined
      ? diagnostics
      : beforeBreak(diagnostics, parsed, parsed.brokenFromLine);
  const parts = parseParts(parsed.source.value, sure, parsed.isUnset);
  makePathsAbsolute(parts, dirname(path));
  const referenced = checkRules(parts, files, parts.diagnostics);
  const found = diagnostics.faults();
  const isLost = parts.whole === undefined && found.length === 0;
  const faults = isLost ? [`${shownAs}:1:1: is not a configuration: it must have endpoints`] : found;
  const consulted = {
    files: [path, ...files.paths],
    warnings: diagnostics.warnings(),
    conceal: concealer(parsed.values),
  };
  if (parts.whole === undefined || faults.length > 0) return { ok: false, faults, ...consulted };
  const config = { ...parts.whole, file: path, ...referenced };
  return { ok: true, config, revision: revisionOf(config, files.texts), ...consulted };
}

function refuse(path: string, faults: readonly string[]): LoadedConfig {
  return { ok: false, faults, files: [path], warnings: [], conceal: (text) => text };
}

interface TextOptions {
  /** The file that has, or is about to get, this text. */
  readonly file: string;
  readonly env: Env;
  /** The file's name in messages. */
  readonly shownAs?: string;
}

/** Checks the text of a configuration, and reads every file that it references. Errors are returned, not thrown. */
export function loadConfigText(text: string, { file, env, shownAs = file }: TextOptions): LoadedConfig {
  const path = resolve(file);
  const parsed = parseYaml(text, env);
  const isEmpty = parsed.source.value === null || parsed.source.value === undefined;
  if (isEmpty && parsed.faults.length === 0) {
    return refuse(path, [
      `${shownAs}:1:1: is empty: it must have endpoints; \`comfy-tenant init\` writes an example`,
    ]);
  }
  if (isEmpty) return refuse(path, collect(shownAs, parsed).faults());
  return check(parsed, path, shownAs);
}

/**
 * Reads a configuration file and every file that it references. Errors are returned, not thrown.
 *
 * @param shownAs the file's name in messages
 * @returns the configuration, or all errors as `file:line:column path: rule, fix`
 */
export function loadConfig(file: string, env: Env, shownAs = file): LoadedConfig {
  const path = resolve(file);
  const read = readTextFile(path, MAX_MEBIBYTES);
  if (read.ok) return loadConfigText(read.text, { file, env, shownAs });
  const place = read.line === undefined ? shownAs : `${shownAs}:${read.line}:1`;
  const remedy =
    read.reason === 'missing' ? ': pass its path with --config, or create one with `comfy-tenant init`' : '';
  return refuse(path, [`${place}: ${read.fault}${remedy}`]);
}
