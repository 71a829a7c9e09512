import { parseDocument } from 'yaml';
import { fieldsOf, listOf, textsOf, type Fields } from './draft-endpoints.ts';

/** Where the keys of an issuer come from, as written in a draft. */
interface DraftKeys {
  readonly kind: 'keys' | 'url' | 'discover' | 'file' | undefined;
  /** The URL or the file. */
  readonly at: string;
  readonly keys: readonly Fields[];
}

export interface DraftIssuer {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly keys: DraftKeys;
}

export interface DraftPlace {
  readonly location: string;
  readonly name: string;
  /** The claim, or the prefix of a token. */
  readonly value: string;
}

/** The settings of a JWT endpoint of a draft; whatever is missing or of another type is left out. */
export interface DraftJwt {
  readonly issuers: readonly DraftIssuer[];
  readonly claims: readonly DraftPlace[];
  readonly lookups: readonly DraftPlace[];
}

const first = (value: unknown): string => textsOf(value)[0] ?? '';

function keysOf(value: unknown): DraftKeys {
  const { keys, url, discover, file } = fieldsOf(value);
  const none = { at: '', keys: [] };
  if (keys !== undefined) return { ...none, kind: 'keys', keys: listOf(keys).map(fieldsOf) };
  if (url !== undefined) return { ...none, kind: 'url', at: first(url) };
  if (file !== undefined) return { ...none, kind: 'file', at: first(file) };
  return { ...none, kind: discover === true ? 'discover' : undefined };
}

function placesOf(list: unknown, key: 'claim' | 'prefix'): DraftPlace[] {
  return listOf(list).map((one) => {
    const { location, name, ...others } = fieldsOf(one);
    return { location: first(location), name: first(name), value: first(others[key]) };
  });
}

/** @param at the endpoint's place in `endpoints` */
export function draftJwt(text: string, at: number): DraftJwt {
  const document = parseDocument(text);
  const auth: unknown = document.errors.length > 0 ? undefined : document.getIn(['endpoints', at, 'auth']);
  const plain: unknown = (auth as { toJSON?: () => unknown } | undefined)?.toJSON?.();
  const { issuers, claimTransformations, tokenLookup } = fieldsOf(plain);
  return {
    issuers: listOf(issuers).map((one) => {
      const { issuer, audience, jwks } = fieldsOf(one);
      return { issuer: first(issuer), audience: textsOf(audience), keys: keysOf(jwks) };
    }),
    claims: placesOf(claimTransformations, 'claim'),
    lookups: placesOf(tokenLookup, 'prefix'),
  };
}
