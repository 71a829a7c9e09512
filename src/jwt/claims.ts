import type { Claims } from '../auth/claims.ts';

export type { Claims } from '../auth/claims.ts';

function own(container: unknown, name: string): unknown {
  const isObject = typeof container === 'object' && container !== null && !Array.isArray(container);
  return isObject && Object.hasOwn(container, name) ? (container as Claims)[name] : undefined;
}

/** Reads a claim by name or by a path such as `profile.email`; a claim with dots in its name takes precedence. */
export function readClaim(claims: Claims, path: string): unknown {
  const whole = own(claims, path);
  if (whole !== undefined) return whole;
  let value: unknown = claims;
  for (const name of path.split('.')) value = own(value, name);
  return value;
}

/** The identity in a claim: a non-empty string or a safe integer; undefined for anything else. */
export function identityText(claim: unknown): string | undefined {
  if (typeof claim === 'string') return claim === '' ? undefined : claim;
  return Number.isSafeInteger(claim) ? String(claim) : undefined;
}

// Characters not allowed in a header value; `%` itself, so that the encoding is reversible.
const UNSAFE = /[^\x20-\x7e]+|%/g;

function encodeScalar(claim: unknown): string | undefined {
  if (typeof claim === 'boolean') return String(claim);
  const text = identityText(claim);
  return text?.toWellFormed().replaceAll(UNSAFE, encodeURIComponent);
}

/**
 * The forwarded form of a claim: printable ASCII; `%` and everything else percent-encoded as UTF-8. A list is joined
 * with commas, and commas inside its items are encoded. Undefined if the claim is absent or has another type.
 */
export function forwardedText(claim: unknown): string | undefined {
  if (!Array.isArray(claim)) return encodeScalar(claim);
  const items = claim.map((item) => encodeScalar(item)?.replaceAll(',', '%2C'));
  return items.every((item) => item !== undefined) && items.length > 0 ? items.join(',') : undefined;
}
