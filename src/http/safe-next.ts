/** Where the pages of sign-in and account are. */
const OWN = '/_auth';

/** Visible ASCII without `\`, which browsers read as `/`; they also remove tabs and line feeds. */
const VISIBLE = /^[\x21-\x5b\x5d-\x7e]{1,2048}$/;

/** A path as a server may read it: decoded, lower case, without empty segments. */
function plain(path: string): string {
  return path
    .replace(/[?#].*$/s, '')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll(/[/\\]+/g, '/')
    .toLowerCase();
}

function isSafe(text: string): boolean {
  if (!VISIBLE.test(text) || !/^\/(?!\/)/.test(text)) return false;
  const base = 'http://comfy.invalid';
  if (!URL.canParse(text, base)) return false;
  const { origin, pathname } = new URL(text, base);
  // `//` after dots are resolved would be another host.
  if (origin !== base || pathname.startsWith('//')) return false;
  return ![text, pathname].map(plain).some((path) => path === OWN || path.startsWith(`${OWN}/`));
}

/** Where to go after sign-in: a path on the same origin and not under `/_auth`; `/` for anything else. */
export function safeNext(text: string | undefined): string {
  return text !== undefined && isSafe(text) ? text : '/';
}
