/**
 * The path of a request as ComfyUI's router sees it, without its query, percent-encoding and the prefix `/api` that every
 * route also has.
 */
export interface RequestPath {
  /** As the router compares it: an encoded slash is not a separator, and stays `%2F`. */
  readonly exact: string;
  /** With encoded slashes as slashes and without a final slash, as a careless handler would see it. */
  readonly folded: string;
}

/** Without escapes, dots at the start of a segment, and empty segments: the usual path. */
const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+$/;
/** Envoy lets nothing else through; a fragment, a backslash or a raw byte has no single meaning. */
const PRINTABLE = /^\/(?:[\x21\x22\x24-\x5b\x5d-\x7e])*$/;
/** What must not be left after decoding once: handlers decode some names a second time. */
const UNCLEAR = /%[0-9A-Fa-f]{2}|[\\\p{Cc}]/u;
const ESCAPED_SLASH = /%2f/i;
const API = '/api/';

function withoutApi(path: string): string {
  let rest = path;
  while (rest.startsWith(API)) rest = rest.slice(API.length - 1);
  return rest;
}

/** The decoded text, or undefined if it is not UTF-8, not complete or can be decoded again. */
function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text);
    return UNCLEAR.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Whether servers agree on the segments: none is empty, `.` or `..`; the last may be empty. */
function hasClearSegments(path: string): boolean {
  return path
    .slice(1)
    .split('/')
    .every((segment, index, all) =>
      segment === '' ? index === all.length - 1 : segment !== '.' && segment !== '..',
    );
}

function readEscaped(path: string): RequestPath | undefined {
  const pieces = path.split(ESCAPED_SLASH).map(decode);
  if (!pieces.every((piece) => piece !== undefined)) return undefined;
  const exact = withoutApi(pieces.join('%2F'));
  const folded = withoutApi(pieces.join('/'));
  // A slash in the first segment makes another route of it (`/api%2Fprompt`).
  const [, first = ''] = exact.split('/', 2);
  if (first.includes('%2F') || !hasClearSegments(folded)) return undefined;
  return { exact, folded: folded.length > 1 ? folded.replace(/\/$/, '') : folded };
}

/**
 * Reads a request target that Envoy has normalized. Undefined if Envoy, the rules and ComfyUI may disagree about it: it is
 * then refused, not guessed.
 */
export function readRequestPath(target: string): RequestPath | undefined {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (PLAIN.test(path)) {
    const plain = withoutApi(path);
    return { exact: plain, folded: plain };
  }
  return PRINTABLE.test(path) ? readEscaped(path) : undefined;
}
