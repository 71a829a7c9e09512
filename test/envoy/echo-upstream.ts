import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What reached the upstream, exactly as it was written. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly trailers: readonly string[];
  readonly bytes: number;
}

export interface EchoUpstream {
  readonly port: number;
  readonly seen: Seen[];
  close(): Promise<void>;
}

function pairs(raw: readonly string[]): [string, string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? '']] : []));
}

function note(request: IncomingMessage, bytes: number): Seen {
  const { method = '', url = '', rawHeaders, rawTrailers } = request;
  return { method, url, headers: pairs(rawHeaders), trailers: rawTrailers, bytes };
}

/** An upstream in ComfyUI's place that says what it saw. `/_tenant/plugin` answers as the plugin does, unless told not to. */
export async function startEchoUpstream(
  options: { plugin?: number; port?: number } = {},
): Promise<EchoUpstream> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    if (request.url === '/_tenant/plugin') {
      response.writeHead(options.plugin ?? 200).end('{}');
      return;
    }
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      seen.push(note(request, bytes));
      response.setHeader('Server', 'Python/3.11 aiohttp/3.9');
      // As ComfyUI does with --enable-cors-header.
      response.setHeader('Access-Control-Allow-Origin', '*');
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Authorization');
      response.setHeader('Access-Control-Allow-Methods', 'POST, GET, DELETE, PUT, OPTIONS, PATCH');
      response.end('reached ComfyUI');
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    seen.push(note(request, 0));
    sockets.add(socket);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const ticks = setInterval(() => socket.write('tick'), 100);
    socket.once('close', () => {
      clearInterval(ticks);
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
