import type { Config } from './schema.ts';

const BOUND = ['comfyui', 'gateway', 'service', 'admin', 'log'] as const;

/** Taken by a reload, or Envoy's alone: an Envoy with an outdated bootstrap is reported as such. */
const NOT_BOUND = new Set(['service.rememberFor', 'service.address']);

/** The keys that differ from those at the start and, being bound then, are taken only at the next start. */
export function restartNeeded(atStart: Config, now: Config): string[] {
  return BOUND.flatMap((section) => {
    const before: Readonly<Record<string, unknown>> = atStart[section];
    const after: Readonly<Record<string, unknown>> = now[section];
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys
      .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
      .map((key) => `${section}.${key}`)
      .filter((key) => !NOT_BOUND.has(key));
  });
}
