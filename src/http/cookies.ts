const PAIR = /^([^=]*)=(.*)$/;

function* pairs(lines: readonly string[]): Generator<{ name: string; value: string; text: string }> {
  for (const line of lines) {
    for (const part of line.split(';')) {
      const text = part.trim();
      const [, name = text, value = ''] = PAIR.exec(text) ?? [];
      if (text !== '') yield { name: name.trim(), value: value.trim(), text };
    }
  }
}

/** All values of a cookie in the `Cookie` lines (RFC 6265 §5.4), quotes removed. */
export function cookieValues(lines: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (const pair of pairs(lines)) {
    if (pair.name === name) values.push(pair.value.replace(/^"(.*)"$/, '$1'));
  }
  return values;
}

/**
 * A complete cookie-pair (RFC 6265 §4.1.1): a token, `=`, and a value without spaces, quotes, commas, semicolons and
 * backslashes, optionally in quotes.
 */
const STRICT_PAIR =
  /^([A-Za-z0-9!#$%&'*+.^_`|~-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")$/;

/** Cookies of sign-ins in progress, of the ID token for signing out, and of the console: ComfyUI gets no credentials at all. */
const OF_SIGN_IN = /^(__(host|secure)-)?comfy_(oidc|console)_/;

/** A name as the most lenient server compares it: some decode names, some ignore case. */
function comparable(name: string): string {
  return name
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .toLowerCase();
}

/**
 * The cookie pairs that every server parses alike, except the named ones and those of sign-ins. Others are dropped: `a=b role=admin` is one
 * cookie to us but two to some servers. Pairs are split on "; " only (RFC 6265 §4.2.1).
 */
export function forwardedCookies(lines: readonly string[], without: ReadonlySet<string>): string[] {
  const hidden = new Set([...without].map(comparable));
  return lines
    .flatMap((line) => line.split('; '))
    .filter((part) => {
      const name = STRICT_PAIR.exec(part)?.[1];
      if (name === undefined || OF_SIGN_IN.test(comparable(name))) return false;
      return !hidden.has(comparable(name));
    });
}
