import type { Html } from '../portal/page-response.ts';
import type { KeyFacts } from '../jwt/key-facts.ts';
import type { GuideTexts } from './guide-texts.ts';
import { table } from './table.ts';

/** The keys of a JWKS, without their values. */
export function keyTable(keys: readonly KeyFacts[], texts: GuideTexts): Html {
  const rows = keys.map(({ kid, algorithm, strength }) => [kid || '–', algorithm, strength]);
  return table([texts.kid, texts.algorithm, texts.strength], rows);
}

/** The keys in a pasted JWKS; undefined if it is none. */
export function pastedKeys(pasted: string): readonly unknown[] | undefined {
  try {
    const keys: unknown = (JSON.parse(pasted) as { keys?: unknown } | null)?.keys;
    return Array.isArray(keys) && keys.length > 0 ? keys : undefined;
  } catch {
    return undefined;
  }
}
