export interface BootstrapWatch {
  /** Says which digests a bootstrap of the current configuration can have. */
  expect(digests: ReadonlySet<string>): void;
  /** Takes the digest that came with a check. */
  seen(digest: string): void;
  /** What an operator must know; empty while all Envoys run what the configuration says. */
  problems(): string[];
}

export interface BootstrapWatchOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called once for each outdated bootstrap that an Envoy turns out to run. */
  readonly onOutdated: (problem: string) => void;
}

/** An outdated Envoy that is gone sends no more checks; another may go on beside it. */
const GONE_AFTER_MS = 60_000;
const MAX_OUTDATED = 16;

function describe(digest: string): string {
  const which = /^[0-9a-f]{16}$/.test(digest) ? `bootstrap ${digest}` : 'a bootstrap of an earlier version';
  return (
    `Envoy runs ${which}, which differs from what the configuration renders now: ` +
    'run `comfy-tenant envoy` again and restart Envoy with its output'
  );
}

/** Notices that an Envoy runs another bootstrap than the configuration renders. */
export function watchBootstrap({ now, onOutdated }: BootstrapWatchOptions): BootstrapWatch {
  let expected: ReadonlySet<string> = new Set();
  let last: string | undefined;
  /** Whether the last check came from an Envoy that is up to date. */
  let isCurrent = false;
  /** Digest → when it last came with a check. */
  const outdated = new Map<string, number>();

  function judge(digest: string): void {
    isCurrent = expected.has(digest);
    if (isCurrent) return;
    const isNew = !outdated.has(digest);
    if (isNew && outdated.size >= MAX_OUTDATED) return;
    outdated.set(digest, now());
    if (isNew) onOutdated(describe(digest));
  }

  function forgetGone(): void {
    if (!isCurrent) return;
    for (const [digest, seenMs] of outdated) {
      if (now() - seenMs >= GONE_AFTER_MS) outdated.delete(digest);
    }
  }

  return {
    expect(digests) {
      expected = digests;
      for (const digest of outdated.keys()) if (digests.has(digest)) outdated.delete(digest);
      if (last !== undefined) judge(last);
    },
    seen(digest) {
      if (isCurrent && digest === last) return;
      last = digest;
      judge(digest);
    },
    problems() {
      forgetGone();
      return [...outdated.keys()].map(describe);
    },
  };
}
