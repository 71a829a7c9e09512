import { createLocalJWKSet } from 'jose';
import type { Algorithm } from './issuer-schema.ts';
import { usableKeys } from './usable-keys.ts';

/** Finds the key of a token (jose's `JWTVerifyGetKey`); throws jose's errors when there is none. */
export type GetKey = ReturnType<typeof createLocalJWKSet>;

/** Where the keys of one issuer come from. */
export interface KeySource {
  /** The keys known now; undefined when there are none, or only ones that are too old to trust. */
  current(): GetKey | undefined;
  /** Looks for newer keys, because none are known or a `kid` is not among them; false when that was just done. */
  refresh(): Promise<boolean>;
  /** Counts the changes of the keys. */
  readonly generation: number;
  /** Why there are no current keys, for the log. */
  readonly problem: string | undefined;
  close(): void;
}

/** Keys that stand in the configuration or beside it. */
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
