import WebSocket from 'ws';
import type { Target } from './http-request.ts';
import { tlsName } from '../http/tls-name.ts';

/** ComfyUI's live events of one user. */
export interface EventSocket {
  /** Whether any event so far contained this text. */
  has(text: string): boolean;
  close(): void;
}

const TIMEOUT_MS = 30_000;

/**
 * Opens ComfyUI's WebSocket as one user.
 *
 * @throws Error if it is refused, or not open within 30 s
 */
export function openEventSocket(
  { url, host }: Target,
  { authorization, clientId }: { authorization: string; clientId: string },
): Promise<EventSocket> {
  const socket = new WebSocket(new URL(`/ws?clientId=${clientId}`, url), {
    headers: { ...(host !== undefined && { host }), authorization },
    handshakeTimeout: TIMEOUT_MS,
    perMessageDeflate: false,
    ...tlsName(host ?? new URL(url).hostname),
  });
  let received = '';
  // Previews are binary messages, and may contain the prompt's id too.
  socket.on('message', (data: Buffer) => (received += `${data.toString('latin1')}\n`));
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve({
        has: (text) => received.includes(text),
        close: () => {
          socket.terminate();
        },
      });
    });
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      reject(new Error(`the WebSocket was refused with status ${String(response.statusCode)}`));
    });
    // Once open, a broken connection shows as missing events.
    socket.on('error', reject);
  });
}
