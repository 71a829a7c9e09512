import type { z } from 'zod';
import type { ConfigPath } from './diagnostics.ts';
import { didYouMean } from './did-you-mean.ts';

type Issue = z.core.$ZodIssue;

/** Receives schema errors. */
export interface ShapeFindings {
  fault(path: ConfigPath, message: string): void;
  /** @param meant the known key that it most likely is */
  unknownKey(path: ConfigPath, meant: string | undefined, message: string): void;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'must be a list',
  object: 'must be a mapping of keys to values',
  record: 'must be a mapping of keys to values',
  string: 'must be text; put quotes around digits',
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
};

/** The keys known where an issue was found, by its list of unknown ones: zod's final issue does not have the schema. */
const KNOWN_KEYS = new WeakMap<readonly string[], readonly string[]>();

/** zod's `error` option: messages for issues without a message in the schema. */
export function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') {
    KNOWN_KEYS.set(issue.keys, knownKeys(issue.inst));
    return 'is not a known key';
  }
  if (issue.code === 'invalid_type') return KINDS[issue.expected];
  if (issue.code === 'invalid_value')
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  return issue.code === 'too_big' ? `must be at most ${issue.maximum}` : undefined;
}

function knownKeys(schema: z.core.$ZodRawIssue['inst']): string[] {
  const def = (schema as z.core.$ZodType | undefined)?._zod.def as { shape?: object } | undefined;
  return Object.keys(def?.shape ?? {});
}

function valueAt(input: unknown, path: ConfigPath): unknown {
  let value = input;
  for (const part of path) value = (value as Record<string | number, unknown> | null | undefined)?.[part];
  return value;
}

/** The issues of the union member that the author most likely meant; undefined if that is unclear. */
function likeliest(errors: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const ofItsType = errors.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  const [first] = ofItsType.sort((one, other) => one.length - other.length);
  const onlyMissing = first?.every(
    ({ code, path }) =>
      code !== 'unrecognized_keys' && valueAt(value, path as (string | number)[]) === undefined,
  );
  return onlyMissing === true ? undefined : first;
}

function reportUnknown(
  path: ConfigPath,
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  diagnostics: ShapeFindings,
): void {
  const known = KNOWN_KEYS.get(issue.keys) ?? [];
  for (const key of issue.keys) {
    const meant = didYouMean(key, known);
    const remedy = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`;
    diagnostics.unknownKey([...path, key], meant, `${issue.message}: ${remedy}`);
  }
}

/** Reports a zod issue with its path in the configuration. */
export function report(issue: Issue, input: unknown, diagnostics: ShapeFindings): void {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys') {
    reportUnknown(path, issue, diagnostics);
    return;
  }
  const value = valueAt(input, path);
  const forms =
    issue.code === 'invalid_union' && value !== undefined ? likeliest(issue.errors, value) : undefined;
  if (forms !== undefined) {
    for (const inner of forms) report({ ...inner, path: [...path, ...inner.path] }, input, diagnostics);
    return;
  }
  diagnostics.fault(path, value === undefined ? `is missing: ${issue.message}` : issue.message);
}
