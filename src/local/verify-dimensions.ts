import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleImage } from './sample-image.ts';
import { uploadImage } from './upload-image.ts';
import { chooseGraph } from './verify-graph.ts';
import type { Visitor } from './visitor.ts';

/** A thing that a person made, with every way in which it could be seen. */
export interface Made {
  /** What a message calls it. */
  readonly name: string;
  /** Each is true when the visitor gets at the thing that way. */
  readonly looks: readonly ((visitor: Visitor) => Promise<boolean>)[];
  /** Where a stranger would ask for it, and what would be in the answer. */
  readonly prize?: { readonly path: string; readonly proof: string };
  /** Removes it again, as the person who made it. */
  remove(owner: Visitor): Promise<void>;
}

/** A dimension of isolation: how to make a thing of one's own in it. */
export interface Dimension {
  readonly name: string;
  make(owner: Visitor, other: Visitor): Promise<Made>;
}

/** The names of all that a verification makes begin so. */
const MARK = 'comfy-tenant-verify-';

function newName(): string {
  return MARK + randomBytes(6).toString('hex');
}

function listed(list: unknown, name: string): boolean {
  return JSON.stringify(list).includes(name);
}

interface StoredFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'input' | 'output';
}

function query({ filename, subfolder, type }: StoredFile): string {
  return new URLSearchParams({ filename, subfolder, type }).toString();
}

async function removeFile(owner: Visitor, file: StoredFile): Promise<void> {
  await owner.must({ method: 'DELETE', path: `/_tenant/files?${query(file)}` });
}

function fileLooks(file: StoredFile, content?: Buffer): Made['looks'] {
  return [
    (visitor) =>
      visitor.finds(`/view?${query(file)}`, (body) => content === undefined || body.equals(content)),
    async (visitor) => listed(await visitor.json(`/internal/files/${file.type}`), file.filename),
  ];
}

const workflows: Dimension = {
  name: 'workflows',
  async make(owner) {
    const name = `${newName()}.json`;
    const path = `/userdata/workflows%2F${name}`;
    const text = JSON.stringify({ nodes: [], links: [], version: 0.4, extra: { name } });
    await owner.must({ method: 'POST', path, body: text });
    return {
      name,
      prize: { path, proof: name },
      looks: [
        (visitor) => visitor.finds(path, (body) => body.toString('utf8') === text),
        // 404 when a person has no workflows at all.
        (visitor) => visitor.finds('/userdata?dir=workflows&recurse=true', (body) => body.includes(name)),
      ],
      async remove(visitor) {
        await visitor.must({ method: 'DELETE', path });
      },
    };
  },
};

async function upload(owner: Visitor): Promise<{ file: StoredFile; image: Buffer }> {
  const filename = `${newName()}.png`;
  const image = sampleImage();
  await uploadImage(owner, filename, image);
  return { file: { filename, subfolder: '', type: 'input' }, image };
}

const inputs: Dimension = {
  name: 'inputs',
  async make(owner) {
    const { file, image } = await upload(owner);
    return {
      name: file.filename,
      looks: fileLooks(file, image),
      remove: (visitor) => removeFile(visitor, file),
    };
  },
};

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
async function whyNotDone(owner: Visitor, promptId: string): Promise<string> {
  const queue = (await owner.json('/queue')) as Queue;
  if (listed(queue.queue_running, promptId)) return 'it still runs: ComfyUI is slow, or its worker hangs';
  const gone = 'ComfyUI has lost it, so it was restarted or its queue was cleared';
  const waiting =
    "it still waits in ComfyUI's queue: its worker does not run prompts (dead or hanging), or other users' prompts are ahead";
  return listed(queue.queue_pending, promptId) ? waiting : gone;
}

async function waitForOutput(owner: Visitor, promptId: string): Promise<StoredFile> {
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

interface Ran {
  readonly promptId: string;
  readonly input: StoredFile;
  readonly output: StoredFile;
}

async function runWorkflow(owner: Visitor, clientId?: string): Promise<Ran> {
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

function removeRun({ promptId, input, output }: Ran): Made['remove'] {
  return async (owner) => {
    await owner.post('/history', { delete: [promptId] });
    await removeFile(owner, input);
    await removeFile(owner, output);
  };
}

const outputs: Dimension = {
  name: 'outputs',
  async make(owner) {
    const ran = await runWorkflow(owner);
    return { name: ran.output.filename, looks: fileLooks(ran.output), remove: removeRun(ran) };
  },
};

// Events of a prompt that has ended may still be on their way.
const EVENTS_SETTLE_MS = 300;

const jobs: Dimension = {
  name: 'queue, history, live events',
  async make(owner, other) {
    const clientId = newName();
    const streams = new Map([
      [owner.name, await owner.events(clientId)],
      // Another's clientId on purpose: it must not take the owner's events over.
      [other.name, await other.events(clientId)],
    ]);
    const ran = await runWorkflow(owner, clientId).finally(async () => {
      await sleep(EVENTS_SETTLE_MS);
      for (const stream of streams.values()) stream.close();
    });
    const { promptId } = ran;
    return {
      name: promptId,
      looks: [
        (visitor) => Promise.resolve(streams.get(visitor.name)?.has(promptId) ?? false),
        async (visitor) => listed(await visitor.json(`/history/${promptId}`), promptId),
        async (visitor) => listed([await visitor.json('/history'), await visitor.json('/queue')], promptId),
      ],
      remove: removeRun(ran),
    };
  },
};

/** Workflows, inputs and outputs: what multi-tenant mode isolates; and the traces of the work on them. */
export const DIMENSIONS: readonly Dimension[] = [workflows, inputs, outputs, jobs];
