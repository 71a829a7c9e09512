import { z } from 'zod';
import { packageVersion } from '../../install/package-root.ts';
import type { Operation } from './operation.ts';
import { problem } from './schemas.ts';

const JSON_TYPE = 'application/json';
export const PROBLEM_TYPE = 'application/problem+json';

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request does not fit the schema.',
  401: 'The name or the password is missing or wrong.',
  403: 'Only administrators may do this, or the request does not come from this machine.',
  404: 'It does not exist.',
  409: 'It is not possible at the moment, or someone else was faster.',
  413: 'The body is too large.',
  415: 'The body is not application/json.',
  422: 'The content is not valid.',
  429: 'Too many failed attempts.',
  503: 'Try again later.',
};
const ALWAYS = [401, 403, 429, 503];

export function titleOf(status: number): string {
  return TITLES[status] ?? 'The request failed.';
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const found = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  delete found.$schema;
  return found;
}

function parametersOf({ parameters, query }: Operation): object[] {
  const listed = (place: 'path' | 'query', object: z.ZodObject | undefined): object[] =>
    Object.entries(object?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: place,
      required: !(schema as z.ZodType).safeParse(undefined).success,
      schema: schemaOf(schema as z.ZodType, 'output'),
    }));
  return [...listed('path', parameters), ...listed('query', query)];
}

function responsesOf({ result, problems, body, parameters, query }: Operation): object {
  const statuses = new Set([
    ...(body !== undefined || parameters !== undefined || query !== undefined ? [400] : []),
    ...(body === undefined ? [] : [413, 415]),
    ...ALWAYS,
    ...problems,
  ]);
  const refusals = [...statuses].map((status) => [
    status,
    {
      description: titleOf(status),
      content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]);
  return {
    200: { description: 'Done.', content: { [JSON_TYPE]: { schema: schemaOf(result, 'output') } } },
    ...(Object.fromEntries(refusals) as object),
  };
}

/** The OpenAPI description of the operations. */
export function openApi(operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of operations) {
    const { id, method, path, summary, role, body } = one;
    (paths[path] ??= {})[method] = {
      operationId: id,
      summary,
      description: role === 'administrator' ? 'For administrators.' : 'For everyone with an account.',
      parameters: parametersOf(one),
      ...(body && {
        requestBody: { required: true, content: { [JSON_TYPE]: { schema: schemaOf(body, 'input') } } },
      }),
      responses: responsesOf(one),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'comfy-tenant',
      version: packageVersion(),
      description:
        'What the console does, for programs on the same machine. Accounts are those of the console.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ account: [] }],
    components: {
      securitySchemes: { account: { type: 'http', scheme: 'basic' } },
      schemas: { Problem: schemaOf(problem, 'output') },
    },
    paths,
  };
}
