/** Where in the configuration, such as `['endpoints', 0, 'auth']`. */
export type ConfigPath = readonly (string | number)[];

/** Collects errors and warnings, so that all of them are reported at once. */
export interface Diagnostics {
  /** An error: the configuration is rejected. The message says the rule and the fix; `part` sets the position. */
  readonly fault: (path: ConfigPath, message: string, part?: 'key' | 'value') => void;
  /** A warning: the configuration is served. */
  readonly warn: (path: ConfigPath, message: string) => void;
  /** An error in another file; `place` is its name, or `name:line`. */
  readonly faultIn: (place: string, message: string) => void;
  readonly warnIn: (place: string, message: string) => void;
}

/** The part of a key such as `password:hunter2` (missing space) that is not a value. */
function knownPart(key: string): string {
  const colon = key.search(/[:=]/);
  return colon < 0 ? key : `${key.slice(0, colon + 1)}…`;
}

/** A plain key unchanged, any other quoted and escaped, so that it cannot imitate our messages. */
function keyText(key: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(key)) return key;
  const hex = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(knownPart(key)).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, hex);
}

/** Formats a path: `endpoints[0].auth.users`. */
export function pathText(path: ConfigPath): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      return index === 0 ? keyText(part) : `.${keyText(part)}`;
    })
    .join('');
}
