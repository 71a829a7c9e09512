import { readClaim, type Claims } from '../jwt/claims.ts';

/** Whether a claim equals a value, or is a list that contains it. */
export function claimHas(claims: Claims, { name, value }: { name: string; value: string }): boolean {
  const found = readClaim(claims, name);
  return Array.isArray(found) ? found.includes(value) : found === value;
}
