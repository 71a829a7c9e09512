import { createHmac } from 'node:crypto';
import { isAlias, isNode, isScalar, parseDocument, visit, type Document, type Node } from 'yaml';

/** Keys whose values are secret: password hashes, client secrets, and members of private and symmetric JWKs (RFC 7518 §6). */
const SECRET_KEYS = new Set(['password', 'clientSecret', 'k', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'oth']);
/** Hashes anywhere, such as in comments. */
const HASH = /\$(?:argon2\w*|2[aby]|apr1|[56])\$[^\s"',}\]]+|\{SHA\}[A-Za-z0-9+/=]+/g;
const SHORTEST = 4;
const MARK = /\(hidden [0-9a-f]{6}\)/g;

/** All scalars of a value, as written and as read. */
function writtenIn(text: string, value: Node, document: Document): string[] {
  const node = isAlias(value) ? value.resolve(document) : value;
  const found: string[] = [];
  if (node === undefined) return found;
  const add = ({ range, value: read }: { range?: readonly number[] | null | undefined; value: unknown }) =>
    void found.push(text.slice(range?.[0] ?? 0, range?.[1] ?? 0), String(read));
  if (isScalar(node)) add(node);
  else
    visit(node, {
      Scalar(_, scalar) {
        add(scalar);
      },
    });
  return found;
}

/** The secrets in the text of a configuration; undefined if it is not YAML, so that nothing is known about it. */
function secretsIn(text: string): string[] | undefined {
  const document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  const found: string[] = [];
  visit(document, {
    Pair(_, { key, value }) {
      if (isScalar(key) && SECRET_KEYS.has(String(key.value)) && isNode(value))
        found.push(...writtenIn(text, value, document));
    },
  });
  return [...found, ...(text.match(HASH) ?? [])].flatMap((secret) =>
    secret.split('\n').map((line) => line.trim()),
  );
}

const markOf = (secret: string, key: Uint8Array): string =>
  `(hidden ${createHmac('sha256', key).update(secret).digest('hex').slice(0, 6)})`;

/**
 * Puts the secrets of the current text back where a text has their marks.
 *
 * @returns undefined if a mark stands for several secrets or for none, or is not where secrets are
 */
export function withSecrets(text: string, current: string, key: Uint8Array): string | undefined {
  const byMark = new Map<string, string | undefined>();
  for (const secret of new Set(secretsIn(current) ?? [])) {
    const mark = markOf(secret, key);
    byMark.set(mark, byMark.has(mark) ? undefined : secret);
  }
  const marks = text.match(MARK) ?? [];
  const places = secretsIn(text)?.join('\n').match(MARK)?.length ?? 0;
  // Each secret is found as written and as read. Elsewhere, such as in a name, a mark would make a secret public.
  if (places !== 2 * marks.length || marks.some((mark) => byMark.get(mark) === undefined)) return undefined;
  return text.replace(MARK, (mark) => byMark.get(mark) ?? mark);
}

/**
 * Replaces the secrets of some texts by a mark that differs for different secrets, so that a change shows in a diff. If one
 * of the texts is not YAML, every line is replaced.
 *
 * @param key makes marks useless outside this process
 */
export function secretConcealer(texts: readonly string[], key: Uint8Array): (text: string) => string {
  const mark = (secret: string): string => markOf(secret, key);
  const known = texts.map(secretsIn);
  if (known.includes(undefined)) return (text) => text.split('\n').map(mark).join('\n');
  const secrets = [...new Set(known.flatMap((found) => found ?? []))]
    .filter((secret) => secret.length >= SHORTEST)
    .sort((one, other) => other.length - one.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, () => mark(secret)), text);
}
