import { didYouMean } from '../config-file/did-you-mean.ts';
import { readRequestPath, type RequestPath } from './request-path.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const SPACE = / +/;
/** Any path; `*` stands for any characters, slashes included. */
const ANYTHING = '/*';

/** A path with `*` for any characters, cut at the stars. */
type Glob = readonly string[];

/** What an access rule is about: `POST /free`, `/upload/*`, or `*`. */
export interface RequestPattern {
  /** Undefined: any method. */
  readonly method: string | undefined;
  readonly exact: Glob;
  readonly folded: Glob;
}

function glob(path: string): Glob {
  return path.split('*');
}

/** Whether a text matches; takes the first place for each part, so its time is linear in the text. */
function matchesGlob(parts: Glob, text: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

/** A GET route also answers HEAD. */
function coversMethod(pattern: string | undefined, method: string): boolean {
  return pattern === undefined || pattern === method || (pattern === 'GET' && method === 'HEAD');
}

/**
 * Whether a pattern matches a request. A denial needs one reading of the path that matches, a permission all of them, so
 * that no spelling gets more than the plain one.
 */
export function matchesRequest(
  { method, exact, folded }: RequestPattern,
  request: { readonly method: string; readonly path: RequestPath },
  allow: boolean,
): boolean {
  if (!coversMethod(method, request.method)) return false;
  const { path } = request;
  const isExact = matchesGlob(exact, path.exact);
  if (path.exact === path.folded || isExact !== allow) return isExact;
  return matchesGlob(folded, path.folded);
}

/** Whether every request that the other pattern matches matches this one too. */
export function coversPattern(pattern: RequestPattern, other: RequestPattern): boolean {
  const methods =
    pattern.method === undefined ||
    (other.method !== undefined && coversMethod(pattern.method, other.method));
  // A `*` of the other can only be matched by one of ours, which then matches whatever it stands for.
  return methods && matchesGlob(pattern.exact, other.exact.join('*'));
}

type Split = { readonly method: string | undefined; readonly path: string };

function split(text: string): Split {
  const [first = '', second, ...more] = text.split(SPACE);
  if (second === undefined) return { method: undefined, path: first };
  return { method: first, path: [second, ...more].join(' ') };
}

function methodFault(method: string): string | undefined {
  if (METHODS.includes(method)) return undefined;
  const meant = didYouMean(method, METHODS);
  return `${method.slice(0, 20)} is not a method: ${meant === undefined ? `use one of ${METHODS.join(', ')}` : `did you mean ${meant}?`}`;
}

/** Non-ASCII characters may be written as they are. */
function encoded(path: string): string {
  return path.toWellFormed().replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function pathFault(path: string): string | undefined {
  if (path === '*') return undefined;
  if (!path.startsWith('/')) return `a path starts with /: did you mean /${path.replace(/^\.?\/+/, '')}?`;
  if (/[?#]/.test(path)) return 'a rule sees no query: write the path without ? and #';
  if (/^(\/api)+\/?\**$/.test(path))
    return 'every route exists with and without /api, so this is the same as /* or /: write that, or list the routes';
  if (readRequestPath(encoded(path)) === undefined)
    return 'is a path that servers read differently: no //, . or .. segments, backslashes or double escapes';
  return undefined;
}

/** Why the text is not a pattern, or undefined. */
export function patternFault(text: string): string | undefined {
  const { method, path } = split(text);
  const fault = method === undefined ? undefined : methodFault(method);
  if (fault !== undefined) return fault;
  if (method === undefined && METHODS.includes(path.toUpperCase()))
    return `names no path: write ${path.toUpperCase()} /* for all paths`;
  return pathFault(path);
}

/** @throws Error if the text is not a pattern */
export function parsePattern(text: string): RequestPattern {
  const { method, path } = split(text);
  const read = readRequestPath(path === '*' ? ANYTHING : encoded(path));
  if (read === undefined) throw new Error(`not a pattern: ${text}`);
  return { method, exact: glob(read.exact), folded: glob(read.folded) };
}
