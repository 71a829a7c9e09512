import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleImage } from '../verify/sample-image.ts';
import { uploadImage } from '../verify/upload-image.ts';
import { chooseGraph } from '../verify/verify-graph.ts';
import type { TestClient } from '../verify/test-client.ts';

/** Prefix of everything that a test creates. */
const MARK = 'comfy-tenant-verify-';

/** A new random name. */
export function newName(): string {
  return MARK + randomBytes(6).toString('hex');
}

/** Whether a name occurs anywhere in a response. */
export function listed(list: unknown, name: string): boolean {
  return JSON.stringify(list).includes(name);
}

/** A file of ComfyUI, as its API names it. */
export interface StoredFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'input' | 'output';
}

/** The query parameters of a file in ComfyUI's API. */
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

const POLL_MS = 100;
const RUN_TIMEOUT_MS = 60_000;
/** Time reserved for cleanup before the owner's credentials expire. */
const REMOVAL_MS = 15_000;

interface Queue {
  readonly queue_running?: readonly unknown[];
  readonly queue_pending?: readonly unknown[];
}

/** Why a workflow has not finished, according to ComfyUI's queue. */
async function whyNotDone(owner: TestClient, promptId: string): Promise<string> {
  const queue = (await owner.json('/queue')) as Queue;
  if (listed(queue.queue_running, promptId))
    return 'it is still running: ComfyUI is slow, or its worker hangs';
  const gone = 'ComfyUI has lost it, so it was restarted or its queue was cleared';
  const waiting =
    "it is still in ComfyUI's queue: its worker does not run prompts (dead or hanging), or other users' prompts are ahead";
  return listed(queue.queue_pending, promptId) ? waiting : gone;
}

async function waitForOutput(owner: TestClient, promptId: string): Promise<StoredFile> {
  const startedAt = Date.now();
  const deadline = Math.min(
    startedAt + RUN_TIMEOUT_MS,
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
    await sleep(POLL_MS);
  }
  const waited = Math.round((Date.now() - startedAt) / 1000);
  throw new Error(
    `the workflow of ${owner.name} did not finish within ${waited} s; ${await whyNotDone(owner, promptId)}. ` +
      "See ComfyUI's log, restart ComfyUI if its worker is dead, then verify again",
  );
}

/** A finished workflow, with its input and output. */
export interface Ran {
  readonly promptId: string;
  readonly input: StoredFile;
  readonly output: StoredFile;
}

/** Uploads an input, runs a workflow and waits for its output. @throws Error that says why it did not finish */
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
    // A failed cleanup must not hide the first error.
    await removeFile(owner, input).catch(() => undefined);
    if (queued !== undefined) await owner.post('/queue', { delete: [queued] }).catch(() => undefined);
    throw error;
  }
}
