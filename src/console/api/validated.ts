import type { Context } from 'hono';
import { z } from 'zod';
import type { Operation } from './operation.ts';

export interface Invalid {
  readonly status: 400 | 415;
  readonly detail: string;
  readonly errors: readonly string[];
}

interface Given {
  readonly parameters: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

function invalid(status: Invalid['status'], detail: string, errors: readonly string[] = []): Invalid {
  return { status, detail, errors };
}

/** The query as an object; undefined if a parameter is there twice. */
function queryOf(context: Context): Record<string, string> | undefined {
  const all = Object.entries(context.req.queries());
  if (all.some(([, values]) => values.length !== 1)) return undefined;
  return Object.fromEntries(all.map(([name, [value = '']]) => [name, value]));
}

/** The JSON of the body; undefined if it is none. */
async function bodyOf(context: Context): Promise<{ value: unknown } | undefined> {
  try {
    return { value: JSON.parse(await context.req.text()) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function check(schema: z.ZodType | undefined, value: unknown, place: string): { value: unknown } | string[] {
  if (schema === undefined) return { value: undefined };
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data };
  return result.error.issues.map(
    ({ path, message }) => `${[place, ...path.map(String)].join('.')}: ${message}`,
  );
}

function typeOf(context: Context): string | undefined {
  return context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
}

/** What a request gives to an operation. */
export async function validated(context: Context, one: Operation): Promise<Given | Invalid> {
  const { parameters, query, body } = one;
  const asked = queryOf(context);
  if (asked === undefined) return invalid(400, 'a parameter of the query is there twice');
  if (body !== undefined && typeOf(context) !== 'application/json')
    return invalid(415, 'send application/json');
  const sent = body === undefined ? { value: undefined } : await bodyOf(context);
  if (sent === undefined) return invalid(400, 'the body is not JSON');
  const found = [
    check(parameters, context.req.param(), 'path'),
    check(query ?? z.strictObject({}), asked, 'query'),
    check(body, sent.value, 'body'),
  ];
  const errors = found.flatMap((result) => (Array.isArray(result) ? result : []));
  if (errors.length > 0) return invalid(400, 'the request does not fit the schema', errors);
  const [path, search, content] = found.map((result) => (Array.isArray(result) ? undefined : result.value));
  return { parameters: path, query: search, body: content };
}
