interface Parameter {
  readonly rawName: string;
  readonly rawValue: string;
}

function parameters(path: string): Parameter[] {
  const start = path.indexOf('?');
  if (start < 0) return [];
  return path
    .slice(start + 1)
    .split('&')
    .map((part) => {
      const equals = part.indexOf('=');
      return equals < 0
        ? { rawName: part, rawValue: '' }
        : { rawName: part.slice(0, equals), rawValue: part.slice(equals + 1) };
    });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined; // Invalid percent-encoding: how upstream decodes it is unknown.
  }
}

/** All values of a query parameter, decoded. A value with invalid encoding is returned unchanged. */
export function queryValues(path: string, name: string): string[] {
  return parameters(path)
    .filter((parameter) => parameter.rawName === name)
    .map((parameter) => decode(parameter.rawValue) ?? parameter.rawValue);
}

/**
 * Whether the query contains one of the names in an encoded form, such as `tok%65n` for `token`. Envoy matches raw names
 * and ComfyUI decoded ones, so such a parameter would bypass what we remove or set.
 */
export function disguisesParameter(path: string, names: ReadonlySet<string>): boolean {
  return parameters(path).some(({ rawName }) => {
    if (names.has(rawName)) return false;
    const name = decode(rawName);
    return (name === undefined && rawName.includes('%')) || (name !== undefined && names.has(name));
  });
}

/** A path whose query lacks the parameters with these raw names. */
export function withoutParameters(path: string, names: ReadonlySet<string>): string {
  const start = path.indexOf('?');
  if (start < 0) return path;
  const parts = path.slice(start + 1).split('&');
  const kept = parts.filter((part) => !names.has(part.replace(/=.*$/s, '')));
  return kept.length === 0 ? path.slice(0, start) : `${path.slice(0, start)}?${kept.join('&')}`;
}
