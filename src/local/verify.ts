import type { Target } from './exchange.ts';
import { DIMENSIONS, type Dimension, type Made } from './verify-dimensions.ts';
import { visit, type Person, type Visitor } from './visitor.ts';

/** What was seen in one dimension, one way round. */
export interface Row {
  readonly dimension: string;
  readonly owner: string;
  readonly other: string;
  readonly aSeesOwn: boolean;
  readonly bSeesAs: boolean;
  /** Whether the owner still sees it after the other has looked. */
  readonly backAgain: boolean;
}

export interface Verification {
  readonly rows: readonly Row[];
  /** How many of the things that were made are gone again. */
  readonly removed: number;
  /** Things that could not be removed, with the reason. */
  readonly left: readonly string[];
}

export function isIsolated({ aSeesOwn, bSeesAs, backAgain }: Row): boolean {
  return aSeesOwn && !bSeesAs && backAgain;
}

async function seenBy(visitor: Visitor, { looks }: Made): Promise<boolean[]> {
  const seen: boolean[] = [];
  for (const look of looks) seen.push(await look(visitor));
  return seen;
}

async function seesAll(visitor: Visitor, made: Made): Promise<boolean> {
  return (await seenBy(visitor, made)).every(Boolean);
}

async function seesAny(visitor: Visitor, made: Made): Promise<boolean> {
  return (await seenBy(visitor, made)).some(Boolean);
}

interface Belonging {
  readonly dimension: Dimension;
  readonly owner: Visitor;
  readonly other: Visitor;
  readonly made: Made;
}

async function look({ dimension, owner, other, made }: Belonging): Promise<Row> {
  return {
    dimension: dimension.name,
    owner: owner.name,
    other: other.name,
    aSeesOwn: await seesAll(owner, made),
    bSeesAs: await seesAny(other, made),
    backAgain: await seesAll(owner, made),
  };
}

async function removeAll(belongings: readonly Belonging[]): Promise<Pick<Verification, 'removed' | 'left'>> {
  const left: string[] = [];
  for (const { made, owner } of belongings) {
    await made.remove(owner).catch((error: unknown) => {
      left.push(`${made.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return { removed: belongings.length - left.length, left };
}

/**
 * Two people through the running gateway: each makes a workflow, an input and an output; each must see their own, not
 * the other's, and their own again. Both make theirs before either looks, so that a refusal is told from an empty
 * ComfyUI. What was made is removed again, also when something fails.
 *
 * @throws Error when the gateway or ComfyUI gives an answer that says nothing about isolation
 */
export async function verify(gateway: Target, people: readonly [Person, Person]): Promise<Verification> {
  const [a, b] = [visit(gateway, people[0]), visit(gateway, people[1])];
  const belongings: Belonging[] = [];
  const rows: Row[] = [];
  let cleared: Pick<Verification, 'removed' | 'left'>;
  try {
    for (const dimension of DIMENSIONS) {
      belongings.push({ dimension, owner: a, other: b, made: await dimension.make(a) });
      belongings.push({ dimension, owner: b, other: a, made: await dimension.make(b) });
    }
    for (const belonging of belongings) rows.push(await look(belonging));
  } finally {
    cleared = await removeAll(belongings);
  }
  return { rows, ...cleared };
}
