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

/** The `Cookie` line without the named ones; empty when none is left. */
export function withoutCookies(lines: readonly string[], names: ReadonlySet<string>): string {
  return [...pairs(lines)]
    .filter((pair) => !names.has(pair.name))
    .map((pair) => pair.text)
    .join('; ');
}
