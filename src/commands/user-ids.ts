import { encodeUserId, parseUserId, type UserId } from '../auth/user-id.ts';
import type { Config, Endpoint } from '../config/schema.ts';

function prefixesOf({ auth }: Endpoint): (string | undefined)[] {
  return auth.method === 'BASIC' ? [auth.userIdPrefix] : auth.issuers.map(({ userIdPrefix }) => userIdPrefix);
}

/** The id that a text from the log is, such as `corp~alice` or `Zo%C3%AB`. */
function writtenId(text: string, prefix: string | undefined): UserId | undefined {
  const start = prefix === undefined ? '' : `${prefix}~`;
  if (!text.startsWith(start) || (start === '' && !text.includes('%'))) return undefined;
  try {
    const id = encodeUserId(decodeURIComponent(text.slice(start.length)), prefix);
    return id === text ? parseUserId(text) : undefined;
  } catch {
    return undefined; // A percent sign that is part of the name.
  }
}

/** The ids that a user has at these endpoints, given a name, or an id as in the log. */
export function userIdsOf(text: string, endpoints: Config['endpoints']): UserId[] {
  const prefixes = new Set(endpoints.flatMap(prefixesOf));
  const written = [...prefixes].flatMap((prefix) => writtenId(text, prefix) ?? []);
  if (written.length > 0) return [...new Set(written)];
  return [...new Set([...prefixes].flatMap((prefix) => encodeUserId(text, prefix) ?? []))];
}
