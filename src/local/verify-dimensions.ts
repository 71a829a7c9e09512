import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleImage } from './sample-image.ts';
import { chooseGraph } from './verify-graph.ts';
import type { Visitor } from './visitor.ts';

/** A thing that a person made, with every way in which it could be seen. */
export interface Made {
  /** What a message calls it. */
  readonly name: string;
  /** Each is true when the visitor gets at the thing that way. */
  readonly looks: readonly ((visitor: Visitor) => Promise<boolean>)[];
  /** Removes it again, as the person who made it. */
  remove(owner: Visitor): Promise<void>;
}

/** A dimension of isolation: how to make a thing of one's own in it. */
export interface Dimension {
  readonly name: string;
  make(owner: Visitor): Promise<Made>;
}

/** The names of all that a verification makes begin so. */
export const MARK = 'comfy-tenant-verify-';

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
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(image)], { type: 'image/png' }), filename);
  const encoded = new Request('http://form', { method: 'POST', body: form });
  await owner.must({
    method: 'POST',
    path: '/upload/image',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: Buffer.from(await encoded.arrayBuffer()),
  });
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
const RUN_PATIENCE_MS = 120_000;

async function waitForOutput(owner: Visitor, promptId: string): Promise<StoredFile> {
  const deadline = Date.now() + RUN_PATIENCE_MS;
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
  throw new Error(`the workflow of ${owner.name} was not done within ${RUN_PATIENCE_MS / 1000} s`);
}

const outputs: Dimension = {
  name: 'outputs',
  async make(owner) {
    const { file: input } = await upload(owner);
    const graph = await chooseGraph(owner, { image: input.filename, prefix: newName() });
    const { prompt_id: id } = (await owner.post('/prompt', { prompt: graph })) as { prompt_id: string };
    const file = await waitForOutput(owner, id);
    return {
      name: file.filename,
      looks: [
        ...fileLooks(file),
        async (visitor) => listed(await visitor.json(`/history/${id}`), file.filename),
      ],
      async remove(visitor) {
        await visitor.post('/history', { delete: [id] });
        await removeFile(visitor, input);
        await removeFile(visitor, file);
      },
    };
  },
};

/** Workflows, inputs and outputs: what multi-tenant mode isolates. */
export const DIMENSIONS: readonly Dimension[] = [workflows, inputs, outputs];
