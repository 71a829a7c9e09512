import { isAlias, isCollection, isNode, isSeq, parseDocument, type Document } from 'yaml';
import type { ConfigPath } from '../config-file/diagnostics.ts';

/** One change of a configuration. */
export type Edit =
  | { readonly kind: 'set'; readonly path: ConfigPath; readonly value: unknown }
  | { readonly kind: 'remove'; readonly path: ConfigPath }
  /** Appends to a list, which is created if it is missing. */
  | { readonly kind: 'append'; readonly path: ConfigPath; readonly value: unknown };

/** An edit that does not fit this text: another person changed it, or it is written in a way that only people can edit. */
export class EditError extends Error {}

/** What people type is text, never the name of an environment variable: `${` is escaped. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, literal(one)]));
}

function placeText(path: ConfigPath): string {
  return path.join('.');
}

/** Places that an alias or an anchor shares are not edited: other places would change too. */
function checkShared(document: Document, path: ConfigPath): void {
  for (let depth = 0; depth <= path.length; depth++) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    const isShared = isAlias(node) || (node as { anchor?: string } | undefined)?.anchor !== undefined;
    const isParent = depth < path.length && isNode(node);
    if (isShared || (isParent && !isCollection(node)))
      throw new EditError(`${placeText(path)}: cannot be edited here: edit the file by hand`);
  }
}

function setValue(document: Document, path: ConfigPath, value: unknown): void {
  // A scalar keeps its node, and so its comment.
  document.setIn(path, typeof value === 'object' ? document.createNode(value) : value);
}

function apply(document: Document, edit: Edit): void {
  checkShared(document, edit.path);
  switch (edit.kind) {
    case 'set':
      setValue(document, edit.path, literal(edit.value));
      return;
    case 'remove':
      if (!document.deleteIn(edit.path))
        throw new EditError(`${placeText(edit.path)}: does not exist any more`);
      return;
    case 'append': {
      const list: unknown = document.getIn(edit.path, true);
      const item = document.createNode(literal(edit.value));
      if (isSeq(list)) {
        if (list.items.length === 0) list.flow = false; // Written as `[]`.
        list.add(item);
      } else if (list === undefined) document.setIn(edit.path, document.createNode([literal(edit.value)]));
      else throw new EditError(`${placeText(edit.path)}: is not a list: edit the file by hand`);
    }
  }
}

/**
 * The text of a configuration after some edits; comments, order and anchors stay.
 *
 * @throws EditError if the text is not valid YAML or an edit does not fit
 */
export function editText(text: string, edits: readonly Edit[]): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) throw new EditError('the file is not valid YAML: edit it by hand');
  for (const edit of edits) apply(document, edit);
  try {
    // As the text has its lists; indented if it has none.
    const indentSeq = /^ +- /m.test(text) || !/^- /m.test(text);
    return document.toString({ lineWidth: 0, indentSeq });
  } catch (error) {
    // An alias whose anchor was removed.
    throw new EditError('other parts of the file use this one: edit it by hand', { cause: error });
  }
}
