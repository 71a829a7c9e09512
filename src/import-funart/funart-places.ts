export interface Place {
  readonly location: 'HEADER' | 'COOKIE' | 'QUERY';
  readonly name: string;
  readonly claim?: string;
  readonly prefix?: string;
}

type Parts = readonly [position: string, name: string, last: string];

const LOCATIONS: Readonly<Record<string, Place['location']>> = {
  header: 'HEADER',
  cookie: 'COOKIE',
  query: 'QUERY',
};

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function objectParts(value: unknown, last: readonly string[]): Parts {
  const entry = (value ?? {}) as Readonly<Record<string, unknown>>;
  const found = last.map((key) => entry[key]).find((one) => typeof one === 'string');
  // Not trimmed: the final space of a prefix is significant.
  return [
    text(entry['position'] ?? entry['location']),
    text(entry['name']),
    typeof found === 'string' ? found : '',
  ];
}

/** `position:name:last,…`, or a list of such texts or of objects. */
function entries(value: unknown, last: readonly string[]): Parts[] {
  if (typeof value === 'string')
    return value
      .split(',')
      .filter((one) => one.trim() !== '')
      .map(split);
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => (typeof one === 'string' ? split(one) : objectParts(one, last)));
}

function split(one: string): Parts {
  const [position = '', name = '', ...rest] = one.split(':');
  return [position.trim(), name.trim(), rest.join(':')];
}

function read(value: unknown, last: readonly string[], unknown: (position: string, name: string) => void) {
  return entries(value, last).flatMap(([position, name, rest]) => {
    const location = LOCATIONS[position.toLowerCase()];
    if (location !== undefined && name !== '') return [{ location, name, rest }];
    unknown(position, name);
    return [];
  });
}

/** `header:Authorization:Bearer,cookie:token` → places in the same order. */
export function readLookups(value: unknown, remarks: string[]): Place[] {
  const places = read(value, ['prefix', 'removePrefix'], (position, name) => {
    remarks.push(
      `tokenLookup ${position}:${name} cannot be imported: tokens are read from headers, cookies and query parameters only`,
    );
  });
  return places.map(({ location, name, rest }) => {
    const prefix = rest.trim() === '' ? undefined : `${rest.trim()} `;
    return location === 'HEADER' && prefix !== undefined ? { location, name, prefix } : { location, name };
  });
}

/** `header:X-FunArt-Comfy-UserId:sub` → places with their claims. */
export function readClaims(value: unknown, remarks: string[]): Place[] {
  const places = read(value, ['claim'], (position, name) => {
    remarks.push(
      `claimPassBy ${position}:${name} cannot be imported: claims are forwarded in headers, cookies and query parameters only`,
    );
  });
  return places.map(({ location, name, rest }) => ({
    location,
    name,
    claim: rest.trim() === '' ? name : rest.trim(),
  }));
}

function pathList(value: unknown): string[] {
  if (typeof value === 'string')
    return value
      .split(',')
      .map(text)
      .filter((path) => path !== '');
  if (Array.isArray(value)) return value.map(text).filter((path) => path !== '');
  const { path, paths } = (value ?? {}) as { path?: unknown; paths?: unknown };
  return path === undefined && paths === undefined ? [] : pathList(path ?? paths);
}

/** Whitelisted paths become public; a blacklist, which makes all other paths public, is not imported. */
export function readPaths(info: Readonly<Record<string, unknown>>, remarks: string[]): string[] {
  const black = pathList(info['blacklist']);
  if (black.length > 0)
    remarks.push(
      `blacklist ${black.join(', ')} cannot be imported: it makes every other path public, but here every path needs credentials; list public paths in publicPaths`,
    );
  const white = pathList(info['whitelist']);
  if (white.includes('/*')) remarks.push('whitelist /* cannot be imported: it makes everything public');
  return white.filter((path) => path !== '/*');
}
