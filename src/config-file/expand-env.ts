import { randomUUID } from 'node:crypto';
import { isScalar, Scalar, visit, type Document, type Node } from 'yaml';

interface Flaw {
  readonly offset: number;
  readonly message: string;
}

export interface Expanded {
  readonly flaws: readonly Flaw[];
  /** The values that were inserted: value → variable. */
  readonly values: ReadonlyMap<string, string>;
  /** Whether a text contains the placeholder of an unset variable. */
  readonly isUnset: (text: string) => boolean;
}

const ENV = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
export const BAD_ALIAS = 'this alias refers to an anchor that is not defined before it';
const CORE_TAG = /^tag:yaml\.org,2002:(str|seq|map|int|float|bool|null)$/;
const BAD_KEY = 'a key must be plain text on one line, such as name';
const KEY_STYLES: readonly unknown[] = [Scalar.PLAIN, Scalar.QUOTE_DOUBLE, Scalar.QUOTE_SINGLE, undefined];

function offsetOf(node: unknown): number {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
}

function isPlainKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'string' && KEY_STYLES.includes(key.type);
}

/**
 * Replaces `${NAME}` in string values (`$${NAME}` is the escape) and removes invalid nodes: keys that are not plain
 * text, which could leak a value into a message, and undefined aliases.
 */
export function expandEnv(document: Document, env: Readonly<Record<string, string | undefined>>): Expanded {
  const flaws: Flaw[] = [];
  const values = new Map<string, string>();
  const unset = `unset-${randomUUID()}`;

  function expand(text: string, offset: number): string {
    return text.replaceAll(ENV, (whole, name: string) => {
      if (whole.startsWith('$$')) return whole.slice(1);
      const value = env[name];
      if (value !== undefined) {
        values.set(value, name);
        return value;
      }
      const message = `environment variable ${name} is not set: set it, or write $\${${name}} for the literal text`;
      flaws.push({ offset, message });
      return unset;
    });
  }

  // A value with an unknown tag cannot be checked; the parser has already reported the tag.
  const standIn = (node: Node): Scalar => Object.assign(new Scalar(unset), { range: node.range ?? null });
  const withoutTag = (node: Node): Scalar | undefined => {
    const { tag } = node as { tag?: string | undefined };
    return tag === undefined || CORE_TAG.test(tag) ? undefined : standIn(node);
  };

  visit(document, {
    Map: (_, node) => withoutTag(node),
    Seq: (_, node) => withoutTag(node),
    Pair(_, pair) {
      if (isPlainKey(pair.key)) return undefined;
      flaws.push({ offset: offsetOf(pair.key ?? pair.value), message: BAD_KEY });
      return visit.REMOVE;
    },
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return undefined;
      flaws.push({ offset: offsetOf(node), message: BAD_ALIAS });
      return standIn(node);
    },
    Scalar(key, node) {
      const replaced = withoutTag(node);
      if (replaced !== undefined) return replaced;
      if (key !== 'key' && typeof node.value === 'string') node.value = expand(node.value, offsetOf(node));
      return undefined;
    },
  });
  return { flaws, values, isUnset: (text) => text.includes(unset) };
}
