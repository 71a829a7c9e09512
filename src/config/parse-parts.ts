import type { z } from 'zod';
import { explain, report, type ShapeFindings } from '../config-file/zod-messages.ts';
import type { ConfigPath, Diagnostics } from '../config-file/diagnostics.ts';
import { findTexts, Repairs } from './repairs.ts';
import { configSchema, type Endpoint } from './schema.ts';

type Parsed = z.output<typeof configSchema>;

/** An entry of `endpoints` and its index. */
export interface PlacedEndpoint {
  readonly at: number;
  readonly endpoint: Endpoint;
}

/** A parsed configuration in which values that violate the schema are replaced by valid ones, so that rules can run. */
export interface ConfigParts extends Partial<Omit<Parsed, 'endpoints'>> {
  readonly endpoints: readonly PlacedEndpoint[];
  /** The configuration as written; undefined if any part violates the schema. */
  readonly whole: Parsed | undefined;
  /** Whether the value at a path was replaced. */
  readonly isRepaired: (path: ConfigPath) => boolean;
  /** For rules: drops diagnostics about replaced values. */
  readonly diagnostics: Diagnostics;
}

/** An error hides others at most as often as the schema is deep. */
const MOST_ROUNDS = 30;

function rulesFindings(diagnostics: Diagnostics, repairs: Repairs): Diagnostics {
  const said =
    (say: Diagnostics['fault']): Diagnostics['fault'] =>
    (path, message, part) => {
      if (!repairs.isDoubtful(path)) say(repairs.written(path), message, part);
    };
  return { ...diagnostics, fault: said(diagnostics.fault), warn: said(diagnostics.warn) };
}

function shapeFindings(diagnostics: Diagnostics, repairs: Repairs): ShapeFindings {
  return {
    fault(path, message) {
      if (!repairs.isRepaired(path)) diagnostics.fault(repairs.written(path), message);
      repairs.replace(path);
    },
    unknownKey(path, meant, message) {
      diagnostics.fault(repairs.written(path), message, 'key');
      repairs.rename(path, meant);
    },
  };
}

/**
 * Checks the schema, reports all violations, and returns everything that can be checked further.
 *
 * @param isUnset whether a text is the placeholder of a value whose error is already reported
 */
export function parseParts(
  input: unknown,
  diagnostics: Diagnostics,
  isUnset: (text: string) => boolean = () => false,
): ConfigParts {
  const repairs = new Repairs(input);
  for (const path of findTexts(input, isUnset)) repairs.replace(path);
  const isRepaired = (path: ConfigPath): boolean => repairs.isRepaired(path);
  const common = { isRepaired, diagnostics: rulesFindings(diagnostics, repairs) };
  const shape = shapeFindings(diagnostics, repairs);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = configSchema.safeParse(repairs.value, { error: explain });
    if (result.success) {
      const endpoints = result.data.endpoints.map((endpoint, at) => ({ at, endpoint }));
      return { ...result.data, endpoints, whole: repairs.changes === 0 ? result.data : undefined, ...common };
    }
    const before = repairs.changes;
    const { issues } = result.error;
    // First, so that a misspelt key is not also reported as missing.
    const unknown = issues.filter(({ code }) => code === 'unrecognized_keys');
    for (const issue of unknown.length > 0 ? unknown : issues) report(issue, repairs.value, shape);
    if (repairs.changes === before) break;
  }
  return { endpoints: [], whole: undefined, ...common };
}
