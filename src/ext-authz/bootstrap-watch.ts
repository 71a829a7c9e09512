export interface BootstrapWatch {
  /** Sets the digests of the current configuration's bootstraps, one per preset. */
  expect(digests: ReadonlySet<string>): void;
  /** Records the digest that came with a check. */
  seen(digest: string): void;
  /** One line per outdated bootstrap; empty while all Envoys are up to date. */
  problems(): string[];
}

export interface BootstrapWatchOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called once per outdated bootstrap. */
  readonly onOutdated: (problem: string) => void;
}

/** An outdated Envoy that sent no checks for this long has been replaced. */
const GONE_AFTER_MS = 60_000;
const MAX_OUTDATED = 16;

function describe(digest: string): string {
  const which = /^[0-9a-f]{16}$/.test(digest) ? `bootstrap ${digest}` : 'a bootstrap of an earlier version';
  return (
    `Envoy runs ${which}, which does not match the configuration: ` +
    'render it again with `comfy-tenant envoy` and restart Envoy'
  );
}

/** Detects Envoys that run another bootstrap than the configuration renders. */
export function watchBootstrap({ now, onOutdated }: BootstrapWatchOptions): BootstrapWatch {
  let expected: ReadonlySet<string> = new Set();
  let last: string | undefined;
  /** Whether the last check came from an up-to-date Envoy. */
  let isCurrent = false;
  /** Digest → time of its last check. */
  const outdated = new Map<string, number>();

  function record(digest: string): void {
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
      if (last !== undefined) record(last);
    },
    seen(digest) {
      if (isCurrent && digest === last) return;
      last = digest;
      record(digest);
    },
    problems() {
      forgetGone();
      return [...outdated.keys()].map(describe);
    },
  };
}
