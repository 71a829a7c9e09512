import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';

type Dimension = 'workflows' | 'inputs' | 'outputs' | 'jobs' | 'header';

interface Thing {
  readonly owner: string;
  readonly dimension: Dimension;
  readonly body: Buffer;
}

function uploaded(body: Buffer): { name: string; content: Buffer } {
  const text = body.toString('latin1');
  const name = /filename="([^"]+)"/.exec(text)?.[1] ?? '';
  const from = text.indexOf('\r\n\r\n') + 4;
  return { name, content: body.subarray(from, text.lastIndexOf('\r\n--')) };
}

/** A gateway with a ComfyUI of ten routes that isolates everything except one chosen leak. */
export class LeakyComfyui {
  readonly things = new Map<string, Thing>();
  readonly #leaks: Dimension | undefined;
  readonly #sockets = new Map<string, (text: string) => void>();
  #count = 0;

  /** With a dead worker, ComfyUI accepts prompts and runs none. */
  readonly #dead: boolean;
  readonly #waiting: string[] = [];

  constructor(leaks?: Dimension, worker: 'alive' | 'dead' = 'alive') {
    this.#leaks = leaks;
    this.#dead = worker === 'dead';
  }

  #visible(who: string, name: string): Thing | undefined {
    const thing = this.things.get(name);
    return thing !== undefined && (thing.owner === who || thing.dimension === this.#leaks)
      ? thing
      : undefined;
  }

  #names(who: string, dimension: Dimension): string[] {
    return [...this.things].flatMap(([name, thing]) =>
      thing.dimension === dimension && this.#visible(who, name) !== undefined ? [name] : [],
    );
  }

  #who(request: IncomingMessage): string {
    const forged = request.headers['x-funart-comfy-userid'];
    if (this.#leaks === 'header' && typeof forged === 'string') return forged;
    return request.headers.authorization ?? '';
  }

  #run(who: string, body: Buffer): unknown {
    this.#count += 1;
    const id = `prompt-${this.#count}`;
    if (this.#dead) {
      this.#waiting.push(id);
      return { prompt_id: id };
    }
    const { prompt } = JSON.parse(body.toString()) as {
      prompt: Record<string, { inputs: { filename_prefix?: string } }>;
    };
    const prefix = Object.values(prompt).find((node) => node.inputs.filename_prefix !== undefined);
    const filename = `${prefix?.inputs.filename_prefix ?? ''}_00001_.png`;
    this.things.set(filename, { owner: who, dimension: 'outputs', body: Buffer.from(id) });
    const history = { [id]: { outputs: { 3: { images: [{ filename, subfolder: '', type: 'output' }] } } } };
    this.things.set(id, { owner: who, dimension: 'jobs', body: Buffer.from(JSON.stringify(history)) });
    for (const [listener, send] of this.#sockets) if (listener === who || this.#leaks === 'jobs') send(id);
    return { prompt_id: id };
  }

  #post(who: string, path: string, body: Buffer): unknown {
    if (path === '/prompt') return this.#run(who, body);
    if (path === '/history') {
      for (const id of (JSON.parse(body.toString()) as { delete: string[] }).delete) this.things.delete(id);
      return {};
    }
    if (path === '/queue') {
      for (const id of (JSON.parse(body.toString()) as { delete: string[] }).delete)
        this.#waiting.splice(this.#waiting.indexOf(id), 1);
      return {};
    }
    if (path === '/upload/image') {
      const { name, content } = uploaded(body);
      this.things.set(name, { owner: who, dimension: 'inputs', body: content });
      return {};
    }
    this.things.set(path.replace('/userdata/workflows%2F', ''), { owner: who, dimension: 'workflows', body });
    return {};
  }

  #get(who: string, url: URL): Buffer | undefined {
    const lists: Record<string, () => unknown> = {
      '/object_info/DemoSaveImage': () => ({ DemoSaveImage: {} }),
      '/userdata': () => this.#names(who, 'workflows'),
      '/internal/files/input': () => this.#names(who, 'inputs'),
      '/internal/files/output': () => this.#names(who, 'outputs'),
      '/history': () => this.#names(who, 'jobs'),
      '/queue': () => ({ queue_running: [], queue_pending: this.#waiting }),
    };
    const list = lists[url.pathname];
    if (list !== undefined) return Buffer.from(JSON.stringify(list()));
    if (url.pathname === '/view') return this.#visible(who, url.searchParams.get('filename') ?? '')?.body;
    if (url.pathname.startsWith('/history/'))
      return this.#visible(who, url.pathname.slice(9))?.body ?? Buffer.from('{}');
    return this.#visible(who, url.pathname.replace('/userdata/workflows%2F', ''))?.body;
  }

  #answer(request: IncomingMessage, body: Buffer): Buffer | undefined {
    const url = new URL(request.url ?? '/', 'http://x');
    const who = this.#who(request);
    if (request.method === 'POST') return Buffer.from(JSON.stringify(this.#post(who, url.pathname, body)));
    if (request.method !== 'DELETE') return this.#get(who, url);
    this.things.delete(
      url.searchParams.get('filename') ?? url.pathname.replace('/userdata/workflows%2F', ''),
    );
    return Buffer.alloc(0);
  }

  /** Serves until the test ends; returns the address. */
  async serve(): Promise<string> {
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = this.#answer(request, Buffer.concat(chunks));
        response.writeHead(body === undefined ? 404 : 200).end(body);
      });
    });
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket, request) => {
      this.#sockets.set(this.#who(request), (text) => {
        socket.send(text);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
}
