import { setTimeout as sleep } from 'node:timers/promises';
import {
  listed,
  newName,
  query,
  removeFile,
  runWorkflow,
  upload,
  type Ran,
  type StoredFile,
} from './verify-run.ts';
import type { TestClient } from './test-client.ts';

/** A thing that a person made, with every way in which it could be seen. */
export interface Artifact {
  /** What a message calls it. */
  readonly name: string;
  /** Each is true when the visitor gets at the thing that way. */
  readonly looks: readonly ((visitor: TestClient) => Promise<boolean>)[];
  /** Where a stranger would ask for it, and what would be in the answer. */
  readonly prize?: { readonly path: string; readonly proof: string };
  /** Removes it again, as the person who made it. */
  remove(owner: TestClient): Promise<void>;
}

/** A dimension of isolation: how to make a thing of one's own in it. */
export interface Dimension {
  readonly name: string;
  make(owner: TestClient, other: TestClient): Promise<Artifact>;
}

function fileLooks(file: StoredFile, content?: Buffer): Artifact['looks'] {
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

function removeRun({ promptId, input, output }: Ran): Artifact['remove'] {
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
