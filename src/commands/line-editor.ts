const PASTE = ['\u001b[200~', '\u001b[201~'] as const;
const ESCAPE = '\u001b';
/** Sent by keys such as the arrows: ESC [ … or ESC O … (ECMA-48 §5.4). */
// eslint-disable-next-line no-control-regex -- It starts with ESC.
const SEQUENCE = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/;
// eslint-disable-next-line no-control-regex
const UNFINISHED = /^\u001b(?:\[[0-?]*[ -/]*|O)?$/;

export type Edited =
  /** Enter was pressed; `rest` was typed or pasted after it. */
  | { readonly kind: 'line'; readonly text: string; readonly rest: string }
  /** Ctrl-C, or Ctrl-D on an empty line. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'more' };

type Key = 'end' | 'end-of-input' | 'interrupt' | 'erase' | 'erase-line' | 'ignored' | 'text';

const KEYS: Readonly<Record<string, Key>> = {
  '\r': 'end',
  '\n': 'end',
  '\u0003': 'interrupt',
  '\u0004': 'end-of-input',
  '\b': 'erase',
  '\u007f': 'erase',
  '\u0015': 'erase-line',
  '\u0017': 'erase-line',
};

function keyOf(character: string): Key {
  return KEYS[character] ?? (character < ' ' ? 'ignored' : 'text');
}

/** Edits one line typed at a terminal in raw mode; `take` feeds it the next characters. */
export function createLineEditor(): { take(chunk: string): Edited } {
  let characters: string[] = [];
  let pending = '';

  /** Removes a leading escape sequence from `pending`; false if it is incomplete. */
  function skipSequence(): boolean {
    if (UNFINISHED.test(pending)) return false;
    const mark = PASTE.find((one) => pending.startsWith(one));
    pending = pending.slice(mark?.length ?? SEQUENCE.exec(pending)?.[0].length ?? 1);
    return true;
  }

  function press(character: string): Edited['kind'] {
    switch (keyOf(character)) {
      case 'end':
        return 'line';
      case 'end-of-input':
        return characters.length === 0 ? 'cancelled' : 'line';
      case 'interrupt':
        return 'cancelled';
      case 'erase':
        characters.pop();
        return 'more';
      case 'erase-line':
        characters = [];
        return 'more';
      case 'text':
        characters.push(character);
        return 'more';
      case 'ignored':
        return 'more';
    }
  }

  return {
    take(chunk) {
      pending += chunk;
      while (pending !== '') {
        if (pending.startsWith(ESCAPE)) {
          if (!skipSequence()) break;
          continue;
        }
        const character = String.fromCodePoint(pending.codePointAt(0) ?? 0);
        pending = pending.slice(character.length);
        const kind = press(character);
        if (kind === 'cancelled') return { kind };
        if (kind === 'line') {
          const rest = character === '\r' && pending.startsWith('\n') ? pending.slice(1) : pending;
          return { kind, text: characters.join(''), rest };
        }
      }
      return { kind: 'more' };
    },
  };
}
