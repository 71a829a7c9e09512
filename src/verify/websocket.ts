import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { Target } from './http-request.ts';
import { tlsName } from '../http/tls-name.ts';

/** ComfyUI's live events of one person. */
export interface EventSocket {
  /** Whether any event so far had this text in it. */
  has(text: string): boolean;
  close(): void;
}

// Servers do not mask and we offer no compression (RFC 6455 §5.3, §9), so that text stands in the bytes as it is.
function collect(socket: Duplex, head: Buffer): EventSocket {
  let received = head.toString('latin1');
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (received += chunk));
  // A connection that breaks shows as events that did not come.
  socket.on('error', () => undefined);
  return { has: (text) => received.includes(text), close: () => void socket.destroy() };
}

/** Opens ComfyUI's WebSocket. @throws Error when it is refused */
export function openEventSocket(
  { url, host }: Target,
  { authorization, clientId }: { authorization: string; clientId: string },
): Promise<EventSocket> {
  const { protocol, hostname, port } = new URL(url);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request({
      hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path: `/ws?clientId=${clientId}`,
      agent: false,
      ...tlsName(host ?? hostname),
      headers: {
        ...(host !== undefined && { host }),
        authorization,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
      },
    });
    sent.once('upgrade', (_response, socket: Duplex, head: Buffer) => {
      resolve(collect(socket, head));
    });
    sent.once('response', (response) => {
      response.resume();
      reject(new Error(`the WebSocket is answered with status ${String(response.statusCode)}`));
    });
    sent.once('error', reject);
    sent.end();
  });
}
