import type { z } from 'zod';
import { explain, report } from './explain-issue.ts';
import type { ConfigPath, Findings } from './finding.ts';
import { configSchema, type Endpoint } from './schema.ts';

type Parsed = z.output<typeof configSchema>;

/** An entry of `endpoints` and its place in the list. */
export interface PlacedEndpoint {
  readonly at: number;
  readonly endpoint: Endpoint;
}

/** What could be read; parts that are faulty in shape are left out, so that the others are still checked further. */
export interface ConfigParts extends Partial<Omit<Parsed, 'endpoints'>> {
  readonly endpoints: readonly PlacedEndpoint[];
  /** The whole; undefined when any part of it is faulty in shape. */
  readonly whole: Parsed | undefined;
}

function withoutKey(input: unknown, path: ConfigPath): void {
  let holder: unknown = input;
  for (const part of path.slice(0, -1)) holder = (holder as Record<string | number, unknown>)[part];
  Reflect.deleteProperty(holder as object, path.at(-1) ?? '');
}

function parse<S extends z.ZodType>(schema: S, input: unknown): z.output<S> | undefined {
  const result = schema.safeParse(input);
  return result.success ? result.data : undefined;
}

function salvage(input: unknown): ConfigParts {
  const raw = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const { endpoints, ...sections } = configSchema.shape;
  const entries = Array.isArray(raw['endpoints']) ? (raw['endpoints'] as unknown[]) : [];
  const parsed = entries.map((entry, at) => ({ at, endpoint: parse(endpoints.element, entry) }));
  const others = Object.entries(sections).map(([key, schema]) => [key, parse<z.ZodType>(schema, raw[key])]);
  return {
    ...(Object.fromEntries(others) as Omit<Parsed, 'endpoints'>),
    endpoints: parsed.filter((one): one is PlacedEndpoint => one.endpoint !== undefined),
    whole: undefined,
  };
}

/** Checks the shape, reports what is wrong with it, and returns all that can be checked further. */
export function parseParts(input: unknown, findings: Findings): ConfigParts {
  const result = configSchema.safeParse(input, { error: explain });
  if (result.success) {
    const endpoints = result.data.endpoints.map((endpoint, at) => ({ at, endpoint }));
    return { ...result.data, endpoints, whole: result.data };
  }
  const cleaned = structuredClone(input);
  const tell: Findings = {
    ...findings,
    fault(path, message) {
      findings.fault(path, message);
      if (message.startsWith('is not a known key')) withoutKey(cleaned, path);
    },
  };
  for (const issue of result.error.issues) report(issue, input, tell);
  return salvage(cleaned);
}
