import type { Revocation } from './revocations.ts';

/** Entries outlive their time by this much, so that a clock that was wrong for a while revives nothing. */
const GRACE_MS = 7 * 86_400_000;

/** Entries with the same key concern the same credentials; JSON keeps `undefined` apart from any name. */
export function revocationKey({ endpoint, userId, sessionId }: Omit<Revocation, 'untilMs'>): string {
  return JSON.stringify([endpoint ?? null, userId ?? null, sessionId ?? null]);
}

function newest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/**
 * Adds entries, keeps the strictest of those that concern the same credentials, and drops those that concern nothing any
 * more.
 */
export function mergeRevocations(
  before: readonly Revocation[],
  added: readonly Revocation[],
  nowMs: number,
): readonly Revocation[] {
  const merged = new Map<string, Revocation>();
  for (const one of [...before, ...added]) {
    const key = revocationKey(one);
    const known = merged.get(key);
    const issuedBeforeMs = newest(known?.issuedBeforeMs, one.issuedBeforeMs);
    const untilMs = Math.max(known?.untilMs ?? 0, one.untilMs);
    merged.set(key, { ...one, issuedBeforeMs, untilMs });
  }
  return [...merged.values()].filter(({ untilMs }) => untilMs + GRACE_MS > nowMs);
}
