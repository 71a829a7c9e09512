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
 * A cookie-pair of RFC 6265 §4.1.1, all of it: a token, `=`, and octets without spaces, quotes, commas, semicolons and
 * backslashes, in a pair of quotes or in none.
 */
const STRICT_PAIR =
  /^([A-Za-z0-9!#$%&'*+.^_`|~-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*|"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")$/;

/** As the most lenient of servers compares names: some decode them, some ignore case. */
function comparable(name: string): string {
  return name
    .replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .toLowerCase();
}

/**
 * The cookie pairs that every server reads alike, without the named ones: `a=b role=admin` is one cookie to us and two
 * to others. Pairs are parted by "; " and nothing else (RFC 6265 §4.2.1).
 */
export function forwardedCookies(lines: readonly string[], without: ReadonlySet<string>): string[] {
  const hidden = new Set([...without].map(comparable));
  return lines
    .flatMap((line) => line.split('; '))
    .filter((part) => {
      const name = STRICT_PAIR.exec(part)?.[1];
      return name !== undefined && !hidden.has(comparable(name));
    });
}
