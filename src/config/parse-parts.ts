import type { z } from 'zod';
import { explain, report, type ShapeFindings } from '../config-file/zod-messages.ts';
import type { ConfigPath, Diagnostics } from '../config-file/diagnostics.ts';
import { findTexts, Repairs } from './repairs.ts';
import { configSchema, type Endpoint } from './schema.ts';

type Parsed = z.output<typeof configSchema>;

/** An entry of `endpoints` and its place in the list. */
export interface PlacedEndpoint {
  readonly at: number;
  readonly endpoint: Endpoint;
}

/** What was read, with good values in the place of those that are faulty in shape, so that the rest can be checked. */
export interface ConfigParts extends Partial<Omit<Parsed, 'endpoints'>> {
  readonly endpoints: readonly PlacedEndpoint[];
  /** The whole as it was written; undefined when any part of it is faulty in shape. */
  readonly whole: Parsed | undefined;
  /** Whether the value of a place is not what was written. */
  readonly isRepaired: (path: ConfigPath) => boolean;
  /** Findings of rules, less those that are only about values which were put in. */
  readonly findings: Diagnostics;
}

/** One fault can hide another only as deep as the schema goes. */
const MOST_ROUNDS = 30;

function rulesFindings(findings: Diagnostics, repairs: Repairs): Diagnostics {
  const said =
    (say: Diagnostics['fault']): Diagnostics['fault'] =>
    (path, message, part) => {
      if (!repairs.isDoubtful(path)) say(repairs.written(path), message, part);
    };
  return { ...findings, fault: said(findings.fault), warn: said(findings.warn) };
}

function shapeFindings(findings: Diagnostics, repairs: Repairs): ShapeFindings {
  return {
    fault(path, message) {
      if (!repairs.isRepaired(path)) findings.fault(repairs.written(path), message);
      repairs.replace(path);
    },
    unknownKey(path, meant, message) {
      findings.fault(repairs.written(path), message, 'key');
      repairs.rename(path, meant);
    },
  };
}

/**
 * Checks the shape, reports what is wrong with it, and returns all that can be checked further.
 *
 * @param isUnset whether a text stands for something that is reported already
 */
export function parseParts(
  input: unknown,
  findings: Diagnostics,
  isUnset: (text: string) => boolean = () => false,
): ConfigParts {
  const repairs = new Repairs(input);
  for (const path of findTexts(input, isUnset)) repairs.replace(path);
  const isRepaired = (path: ConfigPath): boolean => repairs.isRepaired(path);
  const common = { isRepaired, findings: rulesFindings(findings, repairs) };
  const shape = shapeFindings(findings, repairs);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = configSchema.safeParse(repairs.value, { error: explain });
    if (result.success) {
      const endpoints = result.data.endpoints.map((endpoint, at) => ({ at, endpoint }));
      return { ...result.data, endpoints, whole: repairs.changes === 0 ? result.data : undefined, ...common };
    }
    const before = repairs.changes;
    const { issues } = result.error;
    // First: a misspelt key must not be said to be missing too.
    const unknown = issues.filter(({ code }) => code === 'unrecognized_keys');
    for (const issue of unknown.length > 0 ? unknown : issues) report(issue, repairs.value, shape);
    if (repairs.changes === before) break;
  }
  return { endpoints: [], whole: undefined, ...common };
}
