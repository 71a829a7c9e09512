declare const brand: unique symbol;

/** An isolation id: one safe ASCII path segment, percent-encoded. Only this file creates values of this type. */
export type UserId = string & { readonly [brand]: 'UserId' };

const MAX_BYTES = 200;
const LEGAL = /^(?:[A-Za-z0-9._@+~-]|%[0-9A-F]{2})+$/;
// Characters that encodeURIComponent does not encode, but that are not in our alphabet.
const UNENCODED = /[!~*'()]/g;

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * Percent-encodes an identity so that it is ASCII, one path segment and injective: two identities never share one id.
 * A leading `.` is encoded, and so is the first letter of `default`, which is FunArt's shared root.
 *
 * @param identity the user name or claim, any text
 * @param prefix the source's `userIdPrefix`, giving `prefix~id`
 * @returns undefined if it is empty, not well-formed Unicode, or over 200 bytes encoded
 */
export function encodeUserId(identity: string, prefix?: string): UserId | undefined {
  if (identity === '' || !identity.isWellFormed()) return undefined;
  let id = encodeURIComponent(identity)
    .replaceAll('%40', '@')
    .replaceAll('%2B', '+')
    .replace(UNENCODED, percent);
  if (id.startsWith('.') || identity === 'default') id = percent(id) + id.slice(1);
  if (prefix !== undefined) id = `${prefix}~${id}`;
  return id.length > MAX_BYTES ? undefined : (id as UserId);
}

/** Validates an id in its encoded form, such as the `sub` of a token; undefined if it is not valid. */
export function parseUserId(text: string): UserId | undefined {
  const legal = text.length <= MAX_BYTES && LEGAL.test(text) && !text.startsWith('.') && text !== 'default';
  return legal ? (text as UserId) : undefined;
}
