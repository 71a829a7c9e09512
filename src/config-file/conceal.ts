/** Shorter values occur in other words by chance and are not secrets. */
const MIN_LENGTH = 4;

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The forms in which a value can appear in a message: unchanged, in JSON, in a URL, as part of a path. */
function formsOf(value: string): string[] {
  const forms = [value, value.trim(), JSON.stringify(value).slice(1, -1), encodeURI(value.toWellFormed())];
  return [...forms, encodeURIComponent(value.toWellFormed()), ...value.split(/[/\\\s]+/)];
}

/** Replaces values of environment variables in a text by `${NAME}`. */
export type Conceal = (text: string) => string;

/** @param values value → name of its variable */
export function concealer(values: ReadonlyMap<string, string>): Conceal {
  const names = new Map<string, string>();
  for (const [value, name] of values) {
    for (const form of formsOf(value))
      if (form.length >= MIN_LENGTH) names.set(form.toLowerCase(), `\${${name}}`);
  }
  if (names.size === 0) return (text) => text;
  const longestFirst = [...names.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(longestFirst.map(escaped).join('|'), 'gi');
  return (text) => text.replaceAll(pattern, (found) => names.get(found.toLowerCase()) ?? '${…}');
}

/** Conceals the values of every configuration loaded so far: replaced values are still secret. */
export interface Concealment {
  readonly text: Conceal;
  add(conceal: Conceal): void;
}

export function createConcealment(): Concealment {
  let all: Conceal = (text) => text;
  return {
    text: (text) => all(text),
    add(conceal) {
      const earlier = all;
      all = (text) => conceal(earlier(text));
    },
  };
}
