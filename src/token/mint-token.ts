import { SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserId } from '../auth/user-id.ts';

/** What ComfyUI gets to tell the gateway from anyone else who reaches its port. */
export interface GatewayToken {
  /** A JWT (HS256): `sub` is the user id, `aud` is comfyui. */
  readonly text: string;
  /** Milliseconds since 1970 from which a new one is due: when it is half spent. */
  readonly refreshAtMs: number;
}

/** Mints tokens, one a user, each used until it is half spent. */
export type MintToken = (userId: UserId, operator: boolean) => GatewayToken | Promise<GatewayToken>;

const LIFE_SECONDS = 300;
const MAX_USERS = 10_000;

/** @param now milliseconds since 1970 */
export function createMint(key: Uint8Array, now: () => number): MintToken {
  const minted = new LRUCache<string, GatewayToken>({ max: MAX_USERS });

  async function mint(userId: UserId, operator: boolean): Promise<GatewayToken> {
    const issuedAt = Math.floor(now() / 1000);
    const text = await new SignJWT(operator ? { roles: ['operator'] } : {})
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('comfy-tenant')
      .setSubject(userId)
      .setAudience('comfyui')
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFE_SECONDS)
      .sign(key);
    return { text, refreshAtMs: (issuedAt + LIFE_SECONDS / 2) * 1000 };
  }

  return (userId, operator) => {
    const key = `${operator ? 'operator' : 'user'} ${userId}`;
    const known = minted.get(key);
    if (known !== undefined && now() < known.refreshAtMs) return known;
    return mint(userId, operator).then((token) => {
      minted.set(key, token);
      return token;
    });
  };
}
