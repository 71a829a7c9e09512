const MAX_TEXT = 256;

/** Control characters that JSON does not escape, and characters that reorder or break text on a terminal. */
const INVISIBLE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Escapes control characters in a line of JSON, where they occur only inside strings, so that no value can forge output. */
export function safeLine(json: string): string {
  return json.replaceAll(INVISIBLE, escaped);
}

/** Text from outside, cut to 256 characters. */
export function bounded(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
