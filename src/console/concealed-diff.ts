import { basename } from 'node:path';
import { secretConcealer } from './conceal-secrets.ts';
import type { ConsoleParts } from './console-context.ts';
import { unifiedDiff } from './unified-diff.ts';

/** The changes without secrets. */
export function concealedDiff(
  parts: Pick<ConsoleParts, 'config' | 'secret'>,
  before: string,
  after: string,
): string {
  const conceal = secretConcealer([before, after], parts.secret);
  return unifiedDiff(conceal(before), conceal(after), basename(parts.config().file));
}
