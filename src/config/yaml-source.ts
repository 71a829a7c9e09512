import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import type { ConfigPath } from './finding.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

interface YamlFault extends Position {
  readonly message: string;
}

/** A parsed YAML file that still knows where everything stood. */
export interface YamlSource {
  readonly value: unknown;
  /** Where a value stands, or its key; of what is missing, where the nearest thing around it stands. */
  locate(path: ConfigPath, part?: 'key' | 'value'): Position;
}

export type ParsedYaml =
  | { readonly ok: true; readonly source: YamlSource }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

const BAD_ALIAS = 'this alias names no anchor that stands before it';
const MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is there twice: keep one',
  MULTIPLE_DOCS: 'a second document begins: the file must hold one, so take out the ---',
  TAB_AS_INDENT: 'a tab: indent with spaces',
  TAG_RESOLVE_FAILED: 'this tag is not known: take it out',
  BAD_ALIAS,
};
const MAX_ALIASES = 100;
const ENV = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

interface Flaw {
  readonly offset: number;
  readonly message: string;
}

/** Replaces `${NAME}` in string values, where `$${NAME}` stands for itself; finds aliases that lead nowhere. */
function expand(document: Document.Parsed, env: Readonly<Record<string, string | undefined>>): Flaw[] {
  const flaws: Flaw[] = [];
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) === undefined)
        flaws.push({ offset: node.range?.[0] ?? 0, message: BAD_ALIAS });
    },
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replaceAll(ENV, (whole, name: string) => {
        if (whole.startsWith('$$')) return whole.slice(1);
        const value = env[name];
        const message = `the environment has no ${name}: set it, or write $\${${name}} for the text itself`;
        if (value === undefined) flaws.push({ offset: node.range?.[0] ?? 0, message });
        return value ?? whole;
      });
    },
  });
  return flaws;
}

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

/** Of a scalar its own place; of a list or a mapping its key's, which is the line that its author looks for. */
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

/** Parses one YAML 1.2 document; every fault comes with its position. */
export function parseYaml(text: string, env: Readonly<Record<string, string | undefined>>): ParsedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true, uniqueKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const message = (code: string, given: string): string =>
      MESSAGES[code] ?? `is not YAML: ${firstLine(given)}`;
    return {
      ok: false,
      faults: problems.map((problem) => ({
        ...at(problem.pos[0]),
        message: message(problem.code, problem.message),
      })),
    };
  }
  const flaws = expand(document, env);
  if (flaws.length > 0) {
    return { ok: false, faults: flaws.map(({ offset, message }) => ({ ...at(offset), message })) };
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return {
      ok: true,
      source: { value, locate: (path, part = 'value') => at(offsetOf(document, path, part)) },
    };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return {
      ok: false,
      faults: [
        {
          line: 1,
          column: 1,
          message: `aliases unfold to more than ${MAX_ALIASES} copies: write the values out`,
        },
      ],
    };
  }
}
