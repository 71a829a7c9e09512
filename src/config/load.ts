import { dirname, resolve } from 'node:path';
import { makePathsAbsolute } from './absolute-paths.ts';
import { openFiles, type ConfigFiles } from './files.ts';
import { pathText, type Findings } from './finding.ts';
import { parseParts } from './parse-parts.ts';
import { readTextFile } from './read-text-file.ts';
import { revisionOf } from './revision.ts';
import { checkRules } from './rules/check-rules.ts';
import type { Config } from './schema.ts';
import { parseYaml, type YamlSource } from './yaml-source.ts';

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

function collect(file: string, source: YamlSource): Findings & { faults: string[]; warnings: string[] } {
  const faults: string[] = [];
  const warnings: string[] = [];
  const say = (path: Parameters<Findings['fault']>[0], message: string): string => {
    const { line, column } = source.locate(path, message.startsWith('is not a known key') ? 'key' : 'value');
    const where = `${file}:${line}:${column}`;
    return path.length === 0 ? `${where}: ${message}` : `${where} ${pathText(path)}: ${message}`;
  };
  return {
    faults,
    warnings,
    fault: (path, message) => void faults.push(say(path, message)),
    warn: (path, message) => void warnings.push(say(path, message)),
    faultIn: (place, message) => void faults.push(`${place}: ${message}`),
    warnIn: (place, message) => void warnings.push(`${place}: ${message}`),
  };
}

function check(source: YamlSource, file: string, files: ConfigFiles): LoadedConfig {
  const path = resolve(file);
  const findings = collect(file, source);
  const { faults, warnings } = findings;
  const parts = parseParts(source.value, findings);
  makePathsAbsolute(parts, dirname(path));
  checkRules(parts, files, findings);
  const consulted = { files: [path, ...files.paths], warnings };
  if (parts.whole === undefined || faults.length > 0) return { ok: false, faults, ...consulted };
  const config = { ...parts.whole, file: path };
  return { ok: true, config, revision: revisionOf(config, files.texts), ...consulted };
}

/**
 * Reads a configuration file and every file that it names.
 *
 * @param file as the user named it; messages call it so
 * @returns the configuration, or all its faults as `file:line:column path: rule, what to do`
 */
export function loadConfig(file: string, env: Env): LoadedConfig {
  const path = resolve(file);
  const refuse = (faults: readonly string[]): LoadedConfig => ({
    ok: false,
    faults,
    files: [path],
    warnings: [],
  });
  const read = readTextFile(path, MAX_MEBIBYTES);
  if (!read.ok) {
    const place = read.line === undefined ? file : `${file}:${read.line}:1`;
    const remedy =
      read.fault === 'does not exist'
        ? ': name yours with --config, or write one with `comfy-tenant init`'
        : '';
    return refuse([`${place}: ${read.fault}${remedy}`]);
  }
  const parsed = parseYaml(read.text, env);
  if (!parsed.ok)
    return refuse(parsed.faults.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`));
  if (parsed.source.value === null || parsed.source.value === undefined) {
    return refuse([`${file}:1:1: is empty: it must have endpoints; \`comfy-tenant init\` writes an example`]);
  }
  return check(parsed.source, file, openFiles(file, dirname(path)));
}
