import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { openEventSocket } from './websocket.ts';

const CREDENTIALS = { authorization: 'Basic x', clientId: 'c1' };
/** RFC 6455 §1.3 */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** An unmasked frame, as servers send them (RFC 6455 §5.2). */
function frame(opcode: number, final: boolean, text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode, payload.length]), payload]);
}

async function serve(onUpgrade: (socket: Duplex, head: Record<string, unknown>) => void): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(403).end());
  server.on('upgrade', ({ headers, url }, socket) => {
    const accept = createHash('sha1')
      .update(`${String(headers['sec-websocket-key'])}${ACCEPT_GUID}`)
      .digest('base64');
    if (headers.authorization !== CREDENTIALS.authorization) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
    );
    onUpgrade(socket, { ...headers, url });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('text split over several frames is found', async () => {
  const url = await serve((socket) => {
    socket.write(frame(1, false, '{"prompt_id": "abc-'));
    socket.write(frame(9, true, 'ping'));
    socket.write(frame(0, true, '123"}'));
  });
  const socket = await openEventSocket({ url }, CREDENTIALS);
  await expect.poll(() => socket.has('abc-123')).toBe(true);
  expect(socket.has('abc-124')).toBe(false);
  socket.close();
});

test('text in a binary message is found', async () => {
  const url = await serve((socket) => socket.write(frame(2, true, '\u0000\u0001{"prompt_id":"abc-123"}')));
  const socket = await openEventSocket({ url }, CREDENTIALS);
  await expect.poll(() => socket.has('abc-123')).toBe(true);
  socket.close();
});

test.each([
  ['ends', (socket: Duplex) => socket.end()],
  ['breaks', (socket: Duplex) => socket.destroy()],
  ['sends nonsense', (socket: Duplex) => socket.write(Buffer.from([0xff, 0xff]))],
])(
  'a WebSocket that %s is an error for events that are missing, not for those that came',
  async (_, fail) => {
    let stop: () => void = () => undefined;
    const url = await serve((socket) => {
      socket.write(frame(1, true, 'abc-123'));
      stop = () => void fail(socket);
    });
    const socket = await openEventSocket({ url }, CREDENTIALS);
    await expect.poll(() => socket.has('abc-123')).toBe(true);
    stop();
    const missing = (): string => {
      try {
        return String(socket.has('abc-124'));
      } catch (error) {
        return String(error);
      }
    };
    await expect.poll(missing).toContain('the WebSocket of a test user broke');
    expect(socket.has('abc-123')).toBe(true);
  },
);

test('a WebSocket that we close ourselves is no error', async () => {
  const url = await serve(() => undefined);
  const socket = await openEventSocket({ url }, CREDENTIALS);
  socket.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(socket.has('abc-123')).toBe(false);
});

test('the host header, the credentials and the client id are sent', async () => {
  let head: Record<string, unknown> = {};
  const url = await serve((_socket, received) => (head = received));
  const socket = await openEventSocket({ url, host: 'studio.example' }, CREDENTIALS);
  socket.close();
  expect(head).toMatchObject({ host: 'studio.example', authorization: 'Basic x', url: '/ws?clientId=c1' });
});

test('a refused WebSocket is an error with its status', async () => {
  const url = await serve(() => undefined);
  await expect(openEventSocket({ url }, { ...CREDENTIALS, authorization: 'no' })).rejects.toThrow(
    'the WebSocket was refused with status 403',
  );
});
