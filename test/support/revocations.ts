import { revocationIndex } from '../../src/revocation/revocation-index.ts';
import type { Revocation, Revocations } from '../../src/revocation/revocations.ts';

/** Revocations without a file. */
export function someRevocations(): Revocations & { problem: string | undefined } {
  const entries: Revocation[] = [];
  return {
    problem: undefined,
    get generation() {
      return entries.length;
    },
    isRevoked: (credential) => revocationIndex(entries)(credential),
    revoke(...added) {
      entries.push(...added);
      return Promise.resolve();
    },
  };
}
