import { dirname, resolve } from 'node:path';
import { makePathsAbsolute } from './absolute-paths.ts';
import { openFiles } from './files.ts';
import { pathText, type ConfigPath, type Findings } from './finding.ts';
import { parseParts } from './parse-parts.ts';
import { readTextFile } from './read-text-file.ts';
import { revisionOf } from './revision.ts';
import { checkRules } from './rules/check-rules.ts';
import type { Config } from './schema.ts';
import { parseYaml, type Position, type YamlSource } from './yaml-source.ts';

interface Consulted {
  /** Absolute paths of all files that the result depends on, there or not. */
  readonly files: readonly string[];
  /** What is served but should be looked at. */
  readonly warnings: readonly string[];
}

export type LoadedConfig =
  | ({ readonly ok: true; readonly config: Config; readonly revision: string } & Consulted)
  | ({ readonly ok: false; readonly faults: readonly string[] } & Consulted);

type Env = Readonly<Record<string, string | undefined>>;

const MAX_MEBIBYTES = 4;

interface Said extends Position {
  readonly text: string;
}

/** In the order of the file; what concerns other files after it. */
function inOrder(said: readonly Said[]): string[] {
  return said
    .toSorted((one, other) => one.line - other.line || one.column - other.column)
    .map(({ text }) => text);
}

interface Collected extends Findings {
  faults(): string[];
  warnings(): string[];
}

function collect(file: string, source: YamlSource): Collected {
  const faults: Said[] = [];
  const warnings: Said[] = [];
  const at = (path: ConfigPath, message: string): Said => {
    const position = source.locate(path, message.startsWith('is not a known key') ? 'key' : 'value');
    const where = `${file}:${position.line}:${position.column}`;
    const text = path.length === 0 ? `${where}: ${message}` : `${where} ${pathText(path)}: ${message}`;
    return { ...position, text };
  };
  const elsewhere = (place: string, message: string): Said => {
    return { line: Number.MAX_SAFE_INTEGER, column: 0, text: `${place}: ${message}` };
  };
  return {
    faults: () => inOrder(faults),
    warnings: () => inOrder(warnings),
    fault: (path, message) => void faults.push(at(path, message)),
    warn: (path, message) => void warnings.push(at(path, message)),
    faultIn: (place, message) => void faults.push(elsewhere(place, message)),
    warnIn: (place, message) => void warnings.push(elsewhere(place, message)),
  };
}

function check(source: YamlSource, path: string, shownAs: string): LoadedConfig {
  const files = openFiles(shownAs, dirname(path));
  const findings = collect(shownAs, source);
  const parts = parseParts(source.value, findings);
  makePathsAbsolute(parts, dirname(path));
  checkRules(parts, files, findings);
  const faults = findings.faults();
  const consulted = { files: [path, ...files.paths], warnings: findings.warnings() };
  if (parts.whole === undefined || faults.length > 0) return { ok: false, faults, ...consulted };
  const config = { ...parts.whole, file: path, texts: files.texts };
  return { ok: true, config, revision: revisionOf(config, files.texts), ...consulted };
}

/**
 * Reads a configuration file and every file that it names.
 *
 * @param shownAs what messages call it
 * @returns the configuration, or all its faults as `file:line:column path: rule, what to do`
 */
export function loadConfig(file: string, env: Env, shownAs = file): LoadedConfig {
  const path = resolve(file);
  const refuse = (faults: readonly string[]): LoadedConfig => ({
    ok: false,
    faults,
    files: [path],
    warnings: [],
  });
  const read = readTextFile(path, MAX_MEBIBYTES);
  if (!read.ok) {
    const place = read.line === undefined ? shownAs : `${shownAs}:${read.line}:1`;
    const remedy =
      read.fault === 'does not exist'
        ? ': name yours with --config, or write one with `comfy-tenant init`'
        : '';
    return refuse([`${place}: ${read.fault}${remedy}`]);
  }
  const parsed = parseYaml(read.text, env);
  if (!parsed.ok)
    return refuse(
      parsed.faults.map(({ line, column, message }) => `${shownAs}:${line}:${column}: ${message}`),
    );
  if (parsed.source.value === null || parsed.source.value === undefined) {
    return refuse([
      `${shownAs}:1:1: is empty: it must have endpoints; \`comfy-tenant init\` writes an example`,
    ]);
  }
  return check(parsed.source, path, shownAs);
}
