import { z } from 'zod';

const ORIGIN =
  'must be an origin as browsers send it: scheme and host in lower case, a port unless it is the default, no path, such as https://portal.example.com';

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** A web origin (RFC 6454), exactly as in the `Origin` header. */
export const origin = z.string(ORIGIN).refine(isOrigin, ORIGIN);
