import { createLocalJWKSet } from 'jose';
import type { Algorithm } from './issuer-schema.ts';
import { usableKeys } from './usable-keys.ts';

/** Selects the key for a token (jose's `JWTVerifyGetKey`); throws jose's errors if there is none. */
export type GetKey = ReturnType<typeof createLocalJWKSet>;

/** The keys of one issuer. */
export interface KeySource {
  /** The current keys; undefined if there are none or they are too old. */
  current(): GetKey | undefined;
  /** Fetches keys because none are known or a `kid` is unknown; false without a fetch during the cooldown. */
  refresh(): Promise<boolean>;
  /** Increases with every change of the keys. */
  readonly generation: number;
  /** Why there are no current keys, for the log. */
  readonly problem: string | undefined;
  close(): void;
}

/** Keys from the configuration or from a local file. @throws Error if `jwks` is not a JWKS */
export function fixedKeys(jwks: unknown, algorithms: readonly Algorithm[]): KeySource {
  const getKey = createLocalJWKSet(usableKeys(jwks, algorithms).jwks);
  return {
    current: () => getKey,
    refresh: () => Promise.resolve(false),
    generation: 0,
    problem: undefined,
    close: () => undefined,
  };
}
