import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { PROBLEM_TYPE, titleOf } from './openapi.ts';

export interface Refused {
  readonly status: ContentfulStatusCode;
  readonly detail: string;
  readonly errors?: readonly string[];
  /** `Retry-After`, in seconds. */
  readonly retryAfter?: number;
}

export function refuse(context: Context, { status, detail, errors = [], retryAfter }: Refused): Response {
  if (retryAfter !== undefined) context.header('retry-after', String(retryAfter));
  const body = { title: titleOf(status), status, detail, ...(errors.length > 0 && { errors }) };
  return context.body(JSON.stringify(body), status, { 'content-type': PROBLEM_TYPE });
}
