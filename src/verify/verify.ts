import type { Target } from './http-request.ts';
import { DIMENSIONS, type Dimension, type Artifact } from './verify-dimensions.ts';
import { forgeHeaders, probeAll, type Probe } from './verify-probes.ts';
import { createTestClient, type TestUser, type TestClient } from './test-client.ts';

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
  /** What an intruder tried. */
  readonly probes: readonly Probe[];
  /** How many of the things that were made are gone again. */
  readonly removed: number;
  /** Things that could not be removed, with the reason. */
  readonly left: readonly string[];
}

export function isIsolated({ aSeesOwn, bSeesAs, backAgain }: Row): boolean {
  return aSeesOwn && !bSeesAs && backAgain;
}

async function seenBy(visitor: TestClient, { looks }: Artifact): Promise<boolean[]> {
  const seen: boolean[] = [];
  for (const look of looks) seen.push(await look(visitor));
  return seen;
}

async function seesAll(visitor: TestClient, made: Artifact): Promise<boolean> {
  return (await seenBy(visitor, made)).every(Boolean);
}

async function seesAny(visitor: TestClient, made: Artifact): Promise<boolean> {
  return (await seenBy(visitor, made)).some(Boolean);
}

interface Belonging {
  readonly dimension: Dimension;
  readonly owner: TestClient;
  readonly other: TestClient;
  readonly made: Artifact;
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

const MADE_UP = 'verify~';

/** Leaves no folder of a made-up person behind. */
async function forget(visitor: TestClient): Promise<string[]> {
  if (!visitor.name.startsWith(MADE_UP)) return [];
  try {
    await visitor.must({ method: 'DELETE', path: '/_tenant/me' });
    return [];
  } catch (error) {
    return [`the folders of ${visitor.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

export interface VerifyOptions {
  readonly gateway: Target;
  readonly people: readonly [TestUser, TestUser];
  /** The addresses of ComfyUI itself; nothing must be had there. */
  readonly upstreams: readonly string[];
}

async function intrude(
  made: readonly Belonging[],
  { gateway, people, upstreams }: VerifyOptions,
): Promise<Probe[]> {
  const [owner, other] = people;
  const found = made.find((one) => one.owner.name === owner.name && one.made.prize !== undefined)?.made.prize;
  if (found === undefined) throw new Error('nothing was made that an intruder could be after');
  const prize = { ...found, owner: owner.name };
  const probes = [await forgeHeaders(gateway, prize, other)];
  for (const upstream of upstreams) probes.push(await probeAll(upstream, prize));
  return probes;
}

/**
 * Two people through the running gateway: each makes a workflow, an input and an output; each must see their own, not
 * the other's, and their own again. Both make theirs before either looks, so that a refusal is told from an empty
 * ComfyUI. What was made is removed again, also when something fails.
 *
 * @throws Error when the gateway or ComfyUI gives an answer that says nothing about isolation
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { gateway, people } = options;
  const [a, b] = [createTestClient(gateway, people[0]), createTestClient(gateway, people[1])];
  const belongings: Belonging[] = [];
  const rows: Row[] = [];
  let probes: Probe[];
  let cleared: Pick<Verification, 'removed' | 'left'>;
  try {
    for (const dimension of DIMENSIONS) {
      belongings.push({ dimension, owner: a, other: b, made: await dimension.make(a, b) });
      belongings.push({ dimension, owner: b, other: a, made: await dimension.make(b, a) });
    }
    for (const belonging of belongings) rows.push(await look(belonging));
    probes = await intrude(belongings, options);
  } finally {
    const { removed, left } = await removeAll(belongings);
    cleared = { removed, left: [...left, ...(await forget(a)), ...(await forget(b))] };
  }
  return { rows, probes, ...cleared };
}
