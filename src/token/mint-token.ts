import { SignJWT, type JWTPayload } from 'jose';
import { LRUCache } from 'lru-cache';
import type { UserId } from '../auth/user-id.ts';
import { sessionDigest } from './session-digest.ts';
import type { TokenKeys } from './token-key.ts';

/** What ComfyUI gets to tell the gateway from anyone else who reaches its port. */
export interface GatewayToken {
  /** A JWT: `sub` is the user id, `aud` the ComfyUI that it is for. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly issuedAtMs: number;
  /** Milliseconds since 1970 from which a new one is due: when it is half spent. */
  readonly refreshAtMs: number;
}

/** Whom a token is for. */
export interface TokenSubject {
  readonly userId: UserId;
  readonly operator: boolean;
  readonly sessionId?: string;
  readonly issuedAtMs?: number;
}

/** Mints tokens, one per sign-in and audience, each used until it is half spent. */
export type MintToken = (subject: TokenSubject, audience: string) => GatewayToken | Promise<GatewayToken>;

const ISSUER = 'comfy-tenant';
/** The audience of every token of comfy-tenant 0.1. */
export const SHARED_KEY_AUDIENCE = 'comfyui';
const LIFE_SECONDS = 300;
const MAX_TOKENS = 10_000;

/** Whether a token may be used now. Not one from the future: the clock was set back, and ComfyUI would refuse it. */
export function isUsable({ issuedAtMs, refreshAtMs }: GatewayToken, nowMs: number): boolean {
  return issuedAtMs <= nowMs && nowMs < refreshAtMs;
}

function sign(token: SignJWT, keys: TokenKeys, audience: string): Promise<string> {
  switch (keys.kind) {
    case 'ed25519':
      return token
        .setProtectedHeader({ alg: 'EdDSA', kid: keys.signing.kid })
        .setAudience(audience)
        .sign(keys.signing.privateKey);
    case 'shared':
      return token.setProtectedHeader({ alg: 'HS256' }).setAudience(SHARED_KEY_AUDIENCE).sign(keys.signing);
  }
}

/**
 * With `ait` (milliseconds since 1970) and `sid`, ComfyUI finds the WebSockets that a revocation closes. ComfyUI gets no
 * session id.
 */
function ownClaims({ operator, issuedAtMs, sessionId }: TokenSubject): JWTPayload {
  return {
    ...(operator ? { roles: ['operator'] } : {}),
    ...(issuedAtMs === undefined ? {} : { ait: Math.floor(issuedAtMs) }),
    ...(sessionId === undefined ? {} : { sid: sessionDigest(sessionId) }),
  };
}

const RIGHT_LIFE_SECONDS = 60;

/** What the gateway itself may do at a ComfyUI: close WebSockets (`POST /_tenant/close`), read use (`GET /_tenant/usage`). */
export type GatewayRight = 'close' | 'usage';

/** A token that carries one right: it belongs to no user and opens nothing else. @param nowMs since 1970 */
export function mintRightToken(
  keys: TokenKeys,
  { right, audience }: { right: GatewayRight; audience: string },
  nowMs: number,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000);
  const token = new SignJWT({ rights: [right] })
    .setIssuer(ISSUER)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + RIGHT_LIFE_SECONDS);
  return sign(token, keys, audience);
}

/** @param now milliseconds since 1970 */
export function createMint(keys: TokenKeys, now: () => number): MintToken {
  const minted = new LRUCache<string, GatewayToken>({ max: MAX_TOKENS });

  async function mint(subject: TokenSubject, audience: string): Promise<GatewayToken> {
    const issuedAt = Math.floor(now() / 1000);
    const token = new SignJWT(ownClaims(subject))
      .setIssuer(ISSUER)
      .setSubject(subject.userId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFE_SECONDS);
    const text = await sign(token, keys, audience);
    return { text, issuedAtMs: issuedAt * 1000, refreshAtMs: (issuedAt + LIFE_SECONDS / 2) * 1000 };
  }

  return (subject, audience) => {
    const { operator, userId, sessionId = '', issuedAtMs = '' } = subject;
    const key = `${operator ? 'operator' : 'user'} ${userId} ${audience} ${issuedAtMs} ${sessionId}`;
    const known = minted.get(key);
    if (known !== undefined && isUsable(known, now())) return known;
    return mint(subject, audience).then((token) => {
      minted.set(key, token);
      return token;
    });
  };
}
