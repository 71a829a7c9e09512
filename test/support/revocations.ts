import type { AccessToken } from '../../src/access-token/access-token.ts';
import type { AccessTokens } from '../../src/access-token/open-access-tokens.ts';
import { tokenDigest } from '../../src/access-token/token-text.ts';
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

/** Access tokens without a file. */
export function someAccessTokens(): AccessTokens & { problem: string | undefined; uses: string[] } {
  let all: readonly AccessToken[] = [];
  let generation = 0;
  const uses: string[] = [];
  return {
    problem: undefined,
    uses,
    get generation() {
      return generation;
    },
    get all() {
      return all;
    },
    find: (text) => all.find(({ digest }) => digest === tokenDigest(text)),
    change(edit) {
      const next = edit(all);
      if (next !== undefined) [all, generation] = [next, generation + 1];
      return Promise.resolve(next !== undefined);
    },
    used: (id) => void uses.push(id),
    close: () => Promise.resolve(),
  };
}
