import {
  changeSharedFile,
  openSharedFile,
  readSharedFile,
  type SharedFileOptions,
} from '../files/shared-file.ts';
import { mergeRevocations, revocationKey } from './merge-revocations.ts';
import { revocationIndex } from './revocation-index.ts';
import { revocationsCodec } from './revocations-codec.ts';
import type { Revocation, Revocations } from './revocations.ts';

export interface RevocationsOptions extends Pick<
  SharedFileOptions<unknown>,
  'path' | 'timeoutMs' | 'everyMs'
> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Called with the entries that this process or another has added or extended; not with those found at the start.
   * `byOthers` are those that `revoke` did not add here: of a command, or of a replica.
   */
  readonly onRevoked?: (added: readonly Revocation[], byOthers: readonly Revocation[]) => void;
  /** Called when the file becomes unusable, and with undefined when it is usable again. */
  readonly onProblem?: (problem: string | undefined) => void;
}

function addedSince(before: readonly Revocation[], after: readonly Revocation[]): readonly Revocation[] {
  const known = new Map(before.map((one) => [revocationKey(one), one.issuedBeforeMs ?? 0]));
  return after.filter((one) => {
    const knownMs = known.get(revocationKey(one));
    return knownMs === undefined || knownMs < (one.issuedBeforeMs ?? 0);
  });
}

export interface OpenRevocations extends Revocations {
  readonly entries: readonly Revocation[];
  close(): void;
}

/** Adds entries to the file once, for commands. @throws Error that names the file; then nothing was revoked */
export async function addRevocations(
  path: string,
  entries: readonly Revocation[],
  nowMs: number,
): Promise<void> {
  await changeSharedFile({ path, codec: revocationsCodec }, (before) =>
    mergeRevocations(before, entries, nowMs),
  );
}

/** What is revoked now, for commands. @throws Error that names the file */
export function readRevocations(path: string): Pick<Revocations, 'isRevoked'> {
  return { isRevoked: revocationIndex(readSharedFile(path, revocationsCodec)) };
}

/** Opens the revocations file, which replicas share, and follows its changes. */
export function openRevocations(options: RevocationsOptions): OpenRevocations {
  const { now, onRevoked, onProblem, ...place } = options;
  let generation = 0;
  /** What `revoke` is adding. */
  const own = new Set<string>();
  const file = openSharedFile<readonly Revocation[]>({ ...place, codec: revocationsCodec, onChange: follow });
  let isRevoked = revocationIndex(file.state);
  let known = file.problem;
  if (known !== undefined) onProblem?.(known);

  function follow(state: readonly Revocation[], before: readonly Revocation[]): void {
    generation += 1;
    isRevoked = revocationIndex(state);
    if (file.problem !== known) onProblem?.((known = file.problem));
    const added = addedSince(before, state);
    if (added.length === 0) return;
    onRevoked?.(
      added,
      added.filter((one) => !own.has(revocationKey(one))),
    );
  }

  return {
    get generation() {
      return generation;
    },
    get problem() {
      return file.problem;
    },
    get entries() {
      return file.state;
    },
    isRevoked: (credential) => isRevoked(credential),
    async revoke(...entries) {
      const keys = entries.map(revocationKey);
      for (const key of keys) own.add(key);
      try {
        await file.change((before) => mergeRevocations(before, entries, now()));
      } finally {
        for (const key of keys) own.delete(key);
      }
    },
    close: () => {
      file.close();
    },
  };
}
