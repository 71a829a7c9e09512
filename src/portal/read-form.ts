import type { Context } from 'hono';

/** The fields of a form; none if the body is not a form. @throws Error if the body is too large or cut off */
export async function readForm(context: Context): Promise<Record<string, unknown>> {
  try {
    return await context.req.parseBody();
  } catch (error) {
    // The parser's: a multipart form that is malformed.
    if (error instanceof TypeError) return {};
    throw error;
  }
}
