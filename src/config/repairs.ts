import type { ConfigPath } from '../config-file/diagnostics.ts';
import { likelyMethod, substituteFor } from './substitutes.ts';

type Holder = Record<string | number, unknown>;

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null;
}

function startsWith(path: ConfigPath, start: ConfigPath): boolean {
  return start.every((part, index) => path[index] === part);
}

interface Renamed {
  /** With the known key last. */
  readonly path: ConfigPath;
  readonly written: string;
}

/** A copy of the input in which invalid parts are replaced one by one, so that one error does not hide others. */
export class Repairs {
  readonly #root: { value: unknown };
  readonly #paths: ConfigPath[] = [];
  readonly #renamed: Renamed[] = [];
  #count = 0;
  /** Number of changes so far. */
  changes = 0;

  constructor(input: unknown) {
    this.#root = { value: structuredClone(input) };
  }

  get value(): unknown {
    return this.#root.value;
  }

  /** Whether a path, or a parent of it, was replaced. */
  isRepaired(path: ConfigPath): boolean {
    return this.#paths.some((repaired) => startsWith(path, repaired));
  }

  /** Whether a rule's finding at a path may be caused by a replaced value: there, or in the list there. */
  isDoubtful(path: ConfigPath): boolean {
    const inList = (repaired: ConfigPath): boolean =>
      startsWith(repaired, path) && typeof repaired[path.length] === 'number';
    return this.isRepaired(path) || this.#paths.some(inList);
  }

  /** A path with its keys as written in the file. */
  written(path: ConfigPath): ConfigPath {
    return path.map((part, index) => {
      const start = path.slice(0, index + 1);
      const renamed = this.#renamed.find(
        (one) => one.path.length === start.length && startsWith(start, one.path),
      );
      return renamed?.written ?? part;
    });
  }

  /** Replaces an invalid value by a valid one; if it was replaced before, its parent is replaced. */
  replace(path: ConfigPath): void {
    const again = this.#paths.find((repaired) => startsWith(path, repaired));
    const target = again === undefined ? path : again.slice(0, -1);
    const holder = this.#holderOf(target);
    const key = target.at(-1);
    const value =
      key === 'method' && isHolder(holder) ? likelyMethod(holder) : substituteFor(target, ++this.#count);
    if (key === undefined || !isHolder(holder) || (value === undefined && Array.isArray(holder))) {
      if (target.length > 0) this.replace(target.slice(0, -1));
      return;
    }
    if (value === undefined) Reflect.deleteProperty(holder, key);
    else holder[key] = value;
    this.#paths.push(target);
    this.changes++;
  }

  /** Removes an unknown key, or renames it to the key that was meant, so that its value is checked too. */
  rename(path: ConfigPath, meant: string | undefined): void {
    const holder = this.#holderOf(path);
    const written = String(path.at(-1));
    if (!isHolder(holder)) return;
    const value = holder[written];
    Reflect.deleteProperty(holder, written);
    this.changes++;
    if (meant === undefined || Object.hasOwn(holder, meant)) return;
    holder[meant] = value;
    this.#renamed.push({ path: [...path.slice(0, -1), meant], written });
  }

  #holderOf(path: ConfigPath): unknown {
    let holder: unknown = this.#root.value;
    for (const part of path.slice(0, -1)) holder = isHolder(holder) ? holder[part] : undefined;
    return holder;
  }
}

/** The paths of all strings for which `test` is true. */
export function findTexts(
  value: unknown,
  test: (text: string) => boolean,
  path: ConfigPath = [],
): ConfigPath[] {
  if (typeof value === 'string') return test(value) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => findTexts(item, test, [...path, index]));
  if (!isHolder(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => findTexts(item, test, [...path, key]));
}
