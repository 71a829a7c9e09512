/** Where in the configuration, such as `['endpoints', 0, 'auth']`. */
export type ConfigPath = readonly (string | number)[];

/** Collects what is wrong, so that all of it is said at once. */
export interface Diagnostics {
  /** What keeps the configuration from being served: the rule and what to do. */
  readonly fault: (path: ConfigPath, message: string) => void;
  /** What is served but should be looked at. */
  readonly warn: (path: ConfigPath, message: string) => void;
  /** The same of another file; `place` is its name, with a line where there is one. */
  readonly faultIn: (place: string, message: string) => void;
  readonly warnIn: (place: string, message: string) => void;
}

/** Of a key such as `password:hunter2`, where a space is missing, what stands before the value. */
function knownPart(key: string): string {
  const colon = key.search(/[:=]/);
  return colon < 0 ? key : `${key.slice(0, colon + 1)}…`;
}

/** A key as it is, or quoted when it is none of ours, so that nothing in it can be taken for our own words. */
function keyText(key: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(key)) return key;
  const hex = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(knownPart(key)).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, hex);
}

/** Writes a path as its author would: `endpoints[0].auth.users`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return index === 0 ? keyText(part) : `.${keyText(part)}`;
    })
    .join('');
}
