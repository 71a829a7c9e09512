import WebSocket from 'ws';
import type { Target } from './http-request.ts';
import { tlsName } from '../http/tls-name.ts';

/** ComfyUI's live events of one user. */
export interface EventSocket {
  /** Whether any event so far contained this text. @throws Error if none did and the connection broke: silence proves nothing then */
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
  let closing = false;
  let broken: string | undefined;
  socket.once('close', (code) => {
    if (!closing) broken ??= `closed by the other side, code ${code}`;
  });
  // Previews are binary messages, and may contain the prompt's id too.
  socket.on('message', (data: Buffer) => (received += `${data.toString('latin1')}\n`));
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      resolve({
        has(text) {
          if (received.includes(text)) return true;
          if (broken === undefined) return false;
          throw new Error(
            `the WebSocket of a test user broke (${broken}), so missing events prove nothing: verify again`,
          );
        },
        close: () => {
          closing = true;
          socket.terminate();
        },
      });
    });
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      reject(new Error(`the WebSocket was refused with status ${String(response.statusCode)}`));
    });
    socket.on('error', (error) => {
      // `close` follows only when the other side closes too.
      broken ??= error.message;
      reject(error);
    });
  });
}
