import { resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { CommandContext } from './context.ts';

/** Loads the configuration; prints its errors and returns undefined if it has any. */
export function loadedConfig(file: string, { cwd, env, err }: CommandContext): Config | undefined {
  const loaded = loadConfig(resolve(cwd, file), env, file);
  if (loaded.ok) return loaded.config;
  for (const fault of loaded.faults) err(fault);
  return undefined;
}

/** Why there is no such endpoint; undefined if there is, or none was named. */
export function endpointFault({ endpoints }: Config, name: string | undefined): string | undefined {
  if (name === undefined || endpoints.some((one) => one.name === name)) return undefined;
  return `there is no endpoint ${name}: choose one of ${endpoints.map((one) => one.name).join(', ')}`;
}
