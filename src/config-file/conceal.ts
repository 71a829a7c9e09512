/** Shorter values stand in too many words by chance, and are no secrets. */
const MIN_LENGTH = 4;

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The ways in which a value can come out again: as it is, in JSON, in a URL, a part of a path. */
function formsOf(value: string): string[] {
  const forms = [value, value.trim(), JSON.stringify(value).slice(1, -1), encodeURI(value.toWellFormed())];
  return [...forms, encodeURIComponent(value.toWellFormed()), ...value.split(/[/\\\s]+/)];
}

/** Takes what came from the environment out of a text, and names where it came from instead. */
export type Conceal = (text: string) => string;

/** @param values what was put in, and the variable that it is the value of */
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
