import { openSharedFile, type SharedFileOptions } from '../files/shared-file.ts';
import type { AccessToken } from './access-token.ts';
import { accessTokensCodec } from './access-tokens-codec.ts';
import type { ChangeTokens } from './edit-access-tokens.ts';
import { tokenDigest } from './token-text.ts';

export interface AccessTokensOptions extends Pick<
  SharedFileOptions<unknown>,
  'path' | 'timeoutMs' | 'everyMs'
> {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called when the file becomes unusable, and with undefined when it is usable again. */
  readonly onProblem?: (problem: string | undefined) => void;
  /** How often last uses are written at most; default one minute. */
  readonly flushEveryMs?: number;
}

/** The access tokens of the file that replicas share. */
export interface AccessTokens {
  /** Rises when a token was added or removed; cached decisions of older generations are dropped. */
  readonly generation: number;
  /** Why the file cannot be used; access tokens then get 503. */
  readonly problem: string | undefined;
  readonly all: readonly AccessToken[];
  find(text: string): AccessToken | undefined;
  change: ChangeTokens;
  /** Notes that a token was used now; written later, at most once a minute. */
  used(id: string): void;
  /** Writes last uses that are not written yet, and stops following the file. */
  close(): Promise<void>;
}

const FLUSH_MS = 60_000;

/** Whether the tokens differ, apart from their last use. */
function isSameSet(one: readonly AccessToken[], other: readonly AccessToken[]): boolean {
  const key = (token: AccessToken): string => JSON.stringify({ ...token, lastUsedAtMs: undefined });
  return one.length === other.length && one.every((token, at) => key(token) === key(other[at] ?? token));
}

function latest(one: number | undefined, other: number): number {
  return Math.max(one ?? 0, other);
}

export function openAccessTokens(options: AccessTokensOptions): AccessTokens {
  const { now, onProblem, flushEveryMs = FLUSH_MS, ...place } = options;
  let generation = 0;
  const file = openSharedFile<readonly AccessToken[]>({
    ...place,
    codec: accessTokensCodec,
    onChange: follow,
  });
  let byDigest = index(file.state);
  let known = file.problem;
  if (known !== undefined) onProblem?.(known);
  /** Token id → last use that is not written yet. */
  const unwritten = new Map<string, number>();
  const timer = setInterval(() => void flush().catch(() => undefined), flushEveryMs);
  timer.unref();

  function index(tokens: readonly AccessToken[]): ReadonlyMap<string, AccessToken> {
    return new Map(tokens.map((token) => [token.digest, token]));
  }

  function follow(tokens: readonly AccessToken[], before: readonly AccessToken[]): void {
    if (file.problem !== known || !isSameSet(tokens, before)) generation += 1;
    if (file.problem !== known) onProblem?.((known = file.problem));
    byDigest = index(tokens);
  }

  /** A use stays noted until it is in the file: of two replicas the later one wins, whichever writes last. */
  async function flush(): Promise<void> {
    if (unwritten.size === 0) return;
    const uses = new Map(unwritten);
    await file.change((tokens) =>
      tokens.map((token) => {
        const use = uses.get(token.id);
        return use === undefined ? token : { ...token, lastUsedAtMs: latest(token.lastUsedAtMs, use) };
      }),
    );
    for (const [id, use] of uses) if (unwritten.get(id) === use) unwritten.delete(id);
  }

  return {
    get generation() {
      return generation;
    },
    get problem() {
      return file.problem;
    },
    get all() {
      return file.state.map((token) => {
        const use = unwritten.get(token.id);
        return use === undefined ? token : { ...token, lastUsedAtMs: latest(token.lastUsedAtMs, use) };
      });
    },
    find(text) {
      const digest = tokenDigest(text);
      // A program may use a token at once that a command has just created.
      if (!byDigest.has(digest)) file.look();
      return byDigest.get(digest);
    },
    change: (edit) => file.change(edit),
    used(id) {
      unwritten.set(id, now());
    },
    async close() {
      clearInterval(timer);
      await flush().catch(() => undefined); // The disk is full or gone: only the times of the last uses are lost.
      file.close();
    },
  };
}
