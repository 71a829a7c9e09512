import type { Target } from './http-request.ts';
import { DIMENSIONS, type Dimension, type Artifact } from './verify-dimensions.ts';
import { forgeHeaders, probeUpstream, type Probe } from './verify-probes.ts';
import { createTestClient, type TestUser, type TestClient } from './test-client.ts';

/** The result for one dimension in one direction. */
export interface Row {
  readonly dimension: string;
  readonly owner: string;
  readonly other: string;
  readonly aSeesOwn: boolean;
  readonly bSeesAs: boolean;
  /** Whether the owner still sees it after the other user tried to read it. */
  readonly backAgain: boolean;
}

export interface Verification {
  readonly rows: readonly Row[];
  /** Attempts to bypass the gateway or forge an identity. */
  readonly probes: readonly Probe[];
  /** Number of artifacts that were removed. */
  readonly removed: number;
  /** Artifacts that could not be removed, with the reason. */
  readonly left: readonly string[];
}

/** Whether the owner sees their artifact before and after, and the other user never does. */
export function isIsolated({ aSeesOwn, bSeesAs, backAgain }: Row): boolean {
  return aSeesOwn && !bSeesAs && backAgain;
}

async function seenBy(client: TestClient, { probes }: Artifact): Promise<boolean[]> {
  const seen: boolean[] = [];
  for (const probe of probes) seen.push(await probe(client));
  return seen;
}

async function seesAll(client: TestClient, artifact: Artifact): Promise<boolean> {
  return (await seenBy(client, artifact)).every(Boolean);
}

async function seesAny(client: TestClient, artifact: Artifact): Promise<boolean> {
  return (await seenBy(client, artifact)).some(Boolean);
}

interface OwnedArtifact {
  readonly dimension: Dimension;
  readonly owner: TestClient;
  readonly other: TestClient;
  readonly artifact: Artifact;
}

async function look({ dimension, owner, other, artifact }: OwnedArtifact): Promise<Row> {
  return {
    dimension: dimension.name,
    owner: owner.name,
    other: other.name,
    aSeesOwn: await seesAll(owner, artifact),
    bSeesAs: await seesAny(other, artifact),
    backAgain: await seesAll(owner, artifact),
  };
}

async function removeAll(
  artifacts: readonly OwnedArtifact[],
): Promise<Pick<Verification, 'removed' | 'left'>> {
  const left: string[] = [];
  for (const { artifact, owner } of artifacts) {
    await artifact.remove(owner).catch((error: unknown) => {
      left.push(`${artifact.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  return { removed: artifacts.length - left.length, left };
}

const PROBE_USER_PREFIX = 'verify~';

/** Removes a temporary user's folders. */
async function forget(client: TestClient): Promise<string[]> {
  if (!client.name.startsWith(PROBE_USER_PREFIX)) return [];
  try {
    await client.must({ method: 'DELETE', path: '/_tenant/me' });
    return [];
  } catch (error) {
    return [`the folders of ${client.name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

export interface VerifyOptions {
  readonly gateway: Target;
  readonly people: readonly [TestUser, TestUser];
  /** Addresses of the ComfyUIs; direct access there must be refused. */
  readonly upstreams: readonly string[];
}

async function probeBypasses(
  owned: readonly OwnedArtifact[],
  { gateway, people, upstreams }: VerifyOptions,
): Promise<Probe[]> {
  const [owner, other] = people;
  const found = owned.find((one) => one.owner.name === owner.name && one.artifact.target !== undefined)
    ?.artifact.target;
  if (found === undefined) throw new Error('no artifact has a path to attack');
  const target = { ...found, owner: owner.name };
  const probes = [await forgeHeaders(gateway, target, other)];
  for (const upstream of upstreams) probes.push(await probeUpstream(upstream, target));
  return probes;
}

/**
 * Tests isolation with two users through the running gateway: each creates a workflow, an input, an output and a job,
 * and must see their own, not the other's, and their own again. Both create theirs before either reads, so that an empty
 * ComfyUI is not mistaken for isolation. Everything is removed afterwards, also after a failure.
 *
 * @throws Error if the gateway or ComfyUI answers in a way that is no evidence for or against isolation
 */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { gateway, people } = options;
  const [a, b] = [createTestClient(gateway, people[0]), createTestClient(gateway, people[1])];
  const artifacts: OwnedArtifact[] = [];
  const rows: Row[] = [];
  let probes: Probe[];
  let cleared: Pick<Verification, 'removed' | 'left'>;
  try {
    for (const dimension of DIMENSIONS) {
      artifacts.push({ dimension, owner: a, other: b, artifact: await dimension.make(a, b) });
      artifacts.push({ dimension, owner: b, other: a, artifact: await dimension.make(b, a) });
    }
    for (const owned of artifacts) rows.push(await look(owned));
    probes = await probeBypasses(artifacts, options);
  } finally {
    const { removed, left } = await removeAll(artifacts);
    cleared = { removed, left: [...left, ...(await forget(a)), ...(await forget(b))] };
  }
  return { rows, probes, ...cleared };
}
