import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleImage } from '../verify/sample-image.ts';
import { uploadImage } from '../verify/upload-image.ts';
import { chooseGraph } from '../verify/verify-graph.ts';
import type { TestClient } from '../verify/test-client.ts';

/** The names of all that a verification makes begin so. */
const MARK = 'comfy-tenant-verify-';

/** A name that nobody has. */
export function newName(): string {
  return MARK + randomBytes(6).toString('hex');
}

/** Whether a name is anywhere in an answer. */
export function listed(list: unknown, name: string): boolean {
  return JSON.stringify(list).includes(name);
}

/** A file of ComfyUI, as its API names it. */
export interface StoredFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'input' | 'output';
}

/** The query by which ComfyUI finds a file. */
export function query({ filename, subfolder, type }: StoredFile): string {
  return new URLSearchParams({ filename, subfolder, type }).toString();
}

/** Removes a file, as its owner. */
export async function removeFile(owner: TestClient, file: StoredFile): Promise<void> {
  await owner.must({ method: 'DELETE', path: `/_tenant/files?${query(file)}` });
}

/** Uploads a small image. */
export async function upload(owner: TestClient): Promise<{ file: StoredFile; image: Buffer }> {
  const filename = `${newName()}.png`;
  const image = sampleImage();
  await uploadImage(owner, filename, image);
  return { file: { filename, subfolder: '', type: 'input' }, image };
}

interface HistoryEntry {
  readonly status?: { readonly status_str?: string };
  readonly outputs?: Readonly<Record<string, { readonly images?: readonly StoredFile[] }>>;
}

const LOOK_EVERY_MS = 100;
const RUN_PATIENCE_MS = 60_000;
/** What was made is removed again before its owner's right ends. */
const REMOVAL_MS = 15_000;

interface Queue {
  readonly queue_running?: readonly unknown[];
  readonly queue_pending?: readonly unknown[];
}

/** Why a workflow has not come to its end, by where it is in ComfyUI's queue. */
async function whyNotDone(owner: TestClient, promptId: string): Promise<string> {
  const queue = (await owner.json('/queue')) as Queue;
  if (listed(queue.queue_running, promptId)) return 'it still runs: ComfyUI is slow, or its worker hangs';
  const gone = 'ComfyUI has lost it, so it was restarted or its queue was cleared';
  const waiting =
    "it still waits in ComfyUI's queue: its worker does not run prompts (dead or hanging), or other users' prompts are ahead";
  return listed(queue.queue_pending, promptId) ? waiting : gone;
}

async function waitForOutput(owner: TestClient, promptId: string): Promise<StoredFile> {
  const startedAt = Date.now();
  const deadline = Math.min(
    startedAt + RUN_PATIENCE_MS,
    (owner.untilMs ?? Number.POSITIVE_INFINITY) - REMOVAL_MS,
  );
  while (Date.now() < deadline) {
    const history = (await owner.json(`/history/${promptId}`)) as Readonly<Record<string, HistoryEntry>>;
    const entry = history[promptId];
    const images = Object.values(entry?.outputs ?? {}).flatMap((output) => output.images ?? []);
    if (images[0] !== undefined) return images[0];
    if (entry !== undefined) {
      throw new Error(
        `the workflow of ${owner.name} saved nothing: ${entry.status?.status_str ?? 'no status'}`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
  const waited = Math.round((Date.now() - startedAt) / 1000);
  throw new Error(
    `the workflow of ${owner.name} was not done after ${waited} s; ${await whyNotDone(owner, promptId)}. ` +
      "See ComfyUI's log, restart ComfyUI if its worker is dead, then verify again",
  );
}

/** A workflow that has run, from its input to its output. */
export interface Ran {
  readonly promptId: string;
  readonly input: StoredFile;
  readonly output: StoredFile;
}

/** Runs a workflow to its end. @throws Error that says why it has not come to its end */
export async function runWorkflow(owner: TestClient, clientId?: string): Promise<Ran> {
  const { file: input } = await upload(owner);
  let queued: string | undefined;
  try {
    const prompt = await chooseGraph(owner, { image: input.filename, prefix: newName() });
    const body = { prompt, ...(clientId !== undefined && { client_id: clientId }) };
    const { prompt_id: promptId } = (await owner.post('/prompt', body)) as { prompt_id: string };
    queued = promptId;
    return { promptId, input, output: await waitForOutput(owner, promptId) };
  } catch (error) {
    // What cannot be removed must not hide why it failed.
    await removeFile(owner, input).catch(() => undefined);
    if (queued !== undefined) await owner.post('/queue', { delete: [queued] }).catch(() => undefined);
    throw error;
  }
}
