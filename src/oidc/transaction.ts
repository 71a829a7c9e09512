import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { SealedBox } from './sealed-box.ts';

const transaction = z.strictObject({
  state: z.string().min(1),
  nonce: z.string().min(1),
  /** `code_verifier` of PKCE (RFC 7636). */
  verifier: z.string().min(1),
  endpoint: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  redirectUri: z.string(),
  next: z.string(),
  /** What the provider was asked to show. */
  prompt: z.enum(['login', 'select_account']).optional(),
  /** Milliseconds since 1970. */
  expiresAtMs: z.number(),
});

/** A sign-in that has begun, as the browser's cookie holds it until it comes back from the provider. */
export type Transaction = Readonly<z.output<typeof transaction>>;

/** Long enough for a password, a second factor and a forgotten password. */
export const TRANSACTION_MS = 15 * 60_000;

/** Each is about 700 bytes, and browsers send all of them with every request. */
const MAX_PENDING = 12;

const NAME = /^(?:__Host-)?comfy_oidc_[A-Za-z0-9_-]{16}$/;

/** One cookie per state: sign-ins in several tabs do not disturb each other. */
export function transactionCookie(state: string, secure: boolean): string {
  const tag = createHash('sha256').update(state).digest('base64url').slice(0, 16);
  return `${secure ? '__Host-' : ''}comfy_oidc_${tag}`;
}

function attributes(secure: boolean, maxAgeSeconds: number): string {
  return `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** The values of `Set-Cookie` that store a transaction and remove abandoned ones, of which browsers have `names`. */
export async function storeTransaction(
  box: SealedBox,
  begun: Transaction,
  names: readonly string[],
): Promise<string[]> {
  const secure = begun.redirectUri.startsWith('https:');
  const value = await box.seal(begun);
  const pending = names.filter((name) => NAME.test(name));
  const abandoned = pending.length < MAX_PENDING ? [] : pending;
  return [
    `${transactionCookie(begun.state, secure)}=${value}; ${attributes(secure, TRANSACTION_MS / 1000)}`,
    ...abandoned.map((name) => forgetCookie(name)),
  ];
}

/** The value of `Set-Cookie` that removes a cookie. */
export function forgetCookie(name: string): string {
  return `${name}=; ${attributes(name.startsWith('__Host-'), 0)}`;
}

/** @returns undefined if it was not sealed by this service */
export async function openTransaction(box: SealedBox, cookie: string): Promise<Transaction | undefined> {
  const result = transaction.safeParse(await box.open(cookie));
  return result.success ? result.data : undefined;
}
