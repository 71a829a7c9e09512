import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { BAD_ALIAS, expandEnv, type Expanded } from './expand-env.ts';
import type { ConfigPath } from './diagnostics.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

interface YamlFault extends Position {
  readonly message: string;
}

/** A parsed YAML file with source positions. */
interface YamlSource {
  readonly value: unknown;
  /** Position of a value or of its key; if it is missing, of the closest enclosing node. */
  locate(path: ConfigPath, part?: 'key' | 'value'): Position;
}

export interface ParsedYaml {
  readonly source: YamlSource;
  readonly faults: readonly YamlFault[];
  /** The first line with a syntax error, from which on positions and values are unreliable. */
  readonly brokenFromLine: number | undefined;
  readonly values: Expanded['values'];
  readonly isUnset: Expanded['isUnset'];
}

const MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'duplicate key: keep one',
  MULTIPLE_DOCS: 'a second document starts here: the file must contain only one; remove the ---',
  TAB_AS_INDENT: 'a tab is used for indentation: use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag: remove it',
  BAD_ALIAS,
  // The library's own messages for these quote the source text, which may be a password.
  UNEXPECTED_TOKEN: 'is not valid YAML: unexpected token',
  BAD_DQ_ESCAPE: 'is not valid YAML: unknown escape sequence; in single quotes \\ is a literal character',
  BAD_DIRECTIVE: 'is not valid YAML: unknown directive, remove it',
  BAD_SCALAR_START: 'is not valid YAML: a plain value cannot start like this, put quotes around it',
  IMPOSSIBLE: 'is not valid YAML',
};
/** Errors after which the rest of the text is still parsed reliably. */
const HARMLESS = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'MULTIPLE_DOCS', 'BAD_ALIAS']);
const MAX_ALIASES = 100;
interface Found {
  readonly key: number | undefined;
  readonly node: Node | null;
}

function child(document: Document.Parsed, parent: Node | null, part: string | number): Found | undefined {
  const node = isAlias(parent) ? (parent.resolve(document) ?? null) : parent;
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part] as Node | undefined;
    return item === undefined ? undefined : { key: item.range?.[0], node: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(part));
  if (pair === undefined) return undefined;
  return { key: (pair.key as Node).range?.[0], node: pair.value as Node | null };
}

/** The position of a scalar itself; for a list or mapping, of its key. */
function placeOf({ key, node }: Found, part: 'key' | 'value'): number | undefined {
  return part === 'value' && !isCollection(node) ? (node?.range?.[0] ?? key) : key;
}

function offsetOf(document: Document.Parsed, path: ConfigPath, part: 'key' | 'value'): number {
  let found: Found = { key: document.contents?.range[0], node: document.contents };
  for (const name of path) {
    const next = child(document, found.node, name);
    if (next === undefined) return placeOf(found, 'key') ?? 0;
    found = next;
  }
  return placeOf(found, part) ?? 0;
}

function isCollection(node: unknown): boolean {
  return isMap(node) || isSeq(node);
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? message;
}

type Doc = Document.Parsed;

function toValue(document: Doc): { readonly value: unknown; readonly message?: string } {
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown };
  } catch (error) {
    if (!(error instanceof ReferenceError) && document.errors.length === 0) throw error;
    const message = `aliases expand to more than ${MAX_ALIASES} copies: write the values out`;
    return document.errors.length > 0 ? { value: undefined } : { value: undefined, message };
  }
}

/** Parses one YAML 1.2 document as far as possible; every error has its position. Never throws on bad input. */
export function parseYaml(text: string, env: Readonly<Record<string, string | undefined>>): ParsedYaml {
  const lines = new LineCounter();
  const document: Doc = parseDocument(text, { lineCounter: lines, prettyErrors: true, uniqueKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems = [...document.errors, ...document.warnings];
  const broken = problems.filter(({ code }) => !HARMLESS.has(code)).map(({ pos }) => at(pos[0]).line);
  const { flaws, values, isUnset } = expandEnv(document, env);
  const { value, message } = toValue(document);
  return {
    source: { value, locate: (path, part = 'value') => at(offsetOf(document, path, part)) },
    faults: [
      ...problems.map((problem) => ({
        ...at(problem.pos[0]),
        message: MESSAGES[problem.code] ?? `is not valid YAML: ${firstLine(problem.message)}`,
      })),
      ...flaws.map(({ offset, message }) => ({ ...at(offset), message })),
      ...(message === undefined ? [] : [{ line: 1, column: 1, message }]),
    ],
    brokenFromLine: broken.length === 0 ? undefined : Math.min(...broken),
    values,
    isUnset,
  };
}
