import type { Config } from './schema.ts';

const BOUND = [
  'comfyui',
  'gateway',
  'service',
  'session',
  'portal',
  'revocation',
  'accessTokens',
  'admin',
  'console',
  'audit',
  'log',
] as const;

/** Applied by a reload, or used by Envoy only: an outdated bootstrap is reported separately. */
const NOT_BOUND = new Set([
  'service.rememberFor',
  'service.address',
  'session.ttl',
  'session.maxAge',
  'accessTokens.maxAge',
  'portal.address',
  'portal.title',
  'portal.notice',
]);

/**
 * The changed keys, such as `admin.listen`, that take effect only after a restart.
 *
 * @param watched whether Envoy follows the configuration by files, with its listeners
 */
export function restartNeeded(atStart: Config, now: Config, watched = false): string[] {
  const sections = BOUND.filter((section) => !watched || section !== 'gateway');
  return sections.flatMap((section) => {
    const before: Readonly<Record<string, unknown>> = atStart[section];
    const after: Readonly<Record<string, unknown>> = now[section];
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys
      .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => `${section}.${key}`)
      .filter((key) => !NOT_BOUND.has(key));
  });
}
