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

/** Something that a user created, with every way to read it. */
export interface Artifact {
  /** Its name in messages. */
  readonly name: string;
  /** Each resolves to true if the client can read it that way. */
  readonly probes: readonly ((client: TestClient) => Promise<boolean>)[];
  /** A path by which an attacker could read it, and text that the response would contain. */
  readonly target?: { readonly path: string; readonly proof: string };
  /** Removes it, as its owner. */
  remove(owner: TestClient): Promise<void>;
}

/** A dimension of isolation, with a way to create an artifact in it. */
export interface Dimension {
  readonly name: string;
  make(owner: TestClient, other: TestClient): Promise<Artifact>;
}

function fileProbes(file: StoredFile, content?: Buffer): Artifact['probes'] {
  return [
    (client) => client.finds(`/view?${query(file)}`, (body) => content === undefined || body.equals(content)),
    async (client) => listed(await client.json(`/internal/files/${file.type}`), file.filename),
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
      target: { path, proof: name },
      probes: [
        (client) => client.finds(path, (body) => body.toString('utf8') === text),
        // 404 if the user has no workflows.
        (client) => client.finds('/userdata?dir=workflows&recurse=true', (body) => body.includes(name)),
      ],
      async remove(client) {
        await client.must({ method: 'DELETE', path });
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
      probes: fileProbes(file, image),
      remove: (client) => removeFile(client, file),
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
    return { name: ran.output.filename, probes: fileProbes(ran.output), remove: removeRun(ran) };
  },
};

// The last events of a prompt may arrive after it ends.
const EVENTS_SETTLE_MS = 300;

const jobs: Dimension = {
  name: 'queue, history, live events',
  async make(owner, other) {
    const clientId = newName();
    const streams = new Map([
      [owner.name, await owner.events(clientId)],
      // The owner's clientId on purpose: the other user must not receive the owner's events.
      [other.name, await other.events(clientId)],
    ]);
    const ran = await runWorkflow(owner, clientId).finally(async () => {
      await sleep(EVENTS_SETTLE_MS);
      for (const stream of streams.values()) stream.close();
    });
    const { promptId } = ran;
    return {
      name: promptId,
      probes: [
        (client) => Promise.resolve(streams.get(client.name)?.has(promptId) ?? false),
        async (client) => listed(await client.json(`/history/${promptId}`), promptId),
        async (client) => listed([await client.json('/history'), await client.json('/queue')], promptId),
      ],
      remove: removeRun(ran),
    };
  },
};

/** What multi-tenant mode isolates: workflows, inputs and outputs, and the jobs that use them. */
export const DIMENSIONS: readonly Dimension[] = [workflows, inputs, outputs, jobs];
