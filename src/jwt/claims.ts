/** A value inside claims; undefined when it is absent. */
export type Claims = Readonly<Record<string, unknown>>;

function own(container: unknown, name: string): unknown {
  const isObject = typeof container === 'object' && container !== null && !Array.isArray(container);
  return isObject && Object.hasOwn(container, name) ? (container as Claims)[name] : undefined;
}

/** Reads a claim by its name, or by a path such as `profile.email`; a claim that has dots in its name comes first. */
export function readClaim(claims: Claims, path: string): unknown {
  const whole = own(claims, path);
  if (whole !== undefined) return whole;
  let value: unknown = claims;
  for (const name of path.split('.')) value = own(value, name);
  return value;
}

/** The identity that a claim holds: a non-empty string or an integer; anything else is none. */
export function identityText(claim: unknown): string | undefined {
  if (typeof claim === 'string') return claim === '' ? undefined : claim;
  return Number.isSafeInteger(claim) ? String(claim) : undefined;
}

// What cannot stand in a header value, nor in a joined list without ambiguity. `%` itself, so that it can be undone.
const UNSAFE = /[^\x20-\x7e]+|%/g;

function encodeScalar(claim: unknown): string | undefined {
  if (typeof claim === 'boolean') return String(claim);
  const text = identityText(claim);
  return text?.toWellFormed().replaceAll(UNSAFE, encodeURIComponent);
}

/**
 * The text in which a claim is passed on: printable ASCII, all else and `%` percent-encoded as UTF-8; a list is joined
 * by commas, with commas inside its items encoded. Undefined when it is absent or of another kind.
 */
export function forwardedText(claim: unknown): string | undefined {
  if (!Array.isArray(claim)) return encodeScalar(claim);
  const items = claim.map((item) => encodeScalar(item)?.replaceAll(',', '%2C'));
  return items.every((item) => item !== undefined) && items.length > 0 ? items.join(',') : undefined;
}
