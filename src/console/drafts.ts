import { LRUCache } from 'lru-cache';
import { editText, type Edit } from './edit-document.ts';

/** Changes that are not deployed yet. */
export interface Draft {
  /** The file's text when the author began. */
  readonly before: string;
  readonly text: string;
}

/** What each session has changed, until it is deployed or discarded. */
export interface Drafts {
  /** The session's draft, or the file as it is. @param read the file's text */
  of(cookie: string, read: () => string): Draft;
  has(cookie: string): boolean;
  /** @throws EditError, with the draft unchanged */
  edit(cookie: string, read: () => string, edits: readonly Edit[]): void;
  replace(cookie: string, draft: Draft): void;
  discard(cookie: string): void;
}

const MOST = 50;

export function createDrafts(): Drafts {
  const drafts = new LRUCache<string, Draft>({ max: MOST });
  const of: Drafts['of'] = (cookie, read) => {
    const known = drafts.get(cookie);
    if (known !== undefined) return known;
    const before = read();
    return { before, text: before };
  };
  const replace: Drafts['replace'] = (cookie, draft) => {
    if (draft.text === draft.before) drafts.delete(cookie);
    else drafts.set(cookie, draft);
  };
  return {
    of,
    replace,
    has: (cookie) => drafts.has(cookie),
    edit(cookie, read, edits) {
      const { before, text } = of(cookie, read);
      replace(cookie, { before, text: editText(text, edits) });
    },
    discard(cookie) {
      drafts.delete(cookie);
    },
  };
}
