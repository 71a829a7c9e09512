import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

export interface RawOptions {
  /** Request line and headers, without `Host`; each its own line, written as it is. */
  readonly lines: readonly string[];
  readonly host?: string;
  readonly body?: string;
  /** Reads on until the peer ends, as after an upgrade. */
  readonly untilClosed?: boolean;
}

/** Whether an answer has all the bytes that it announced. */
function isComplete(answer: string): boolean {
  const [head = '', ...bodies] = answer.split('\r\n\r\n');
  const [, length] = /^content-length: *([0-9]+)\r?$/im.exec(head) ?? [];
  return length !== undefined && bodies.length > 0 && bodies.join('\r\n\r\n').length >= Number(length);
}

/** Sends a request byte for byte, as no HTTP library would. */
export function rawRequest(port: number, options: RawOptions): Promise<RawAnswer> {
  const { lines, host = 'comfy.example.com', body = '', untilClosed = false } = options;
  const [first = 'GET / HTTP/1.1', ...rest] = lines;
  const close = untilClosed || rest.some((line) => /^connection:/i.test(line)) ? [] : ['Connection: close'];
  const text = [first, `Host: ${host}`, ...rest, ...close, '', body].join('\r\n');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const finish = (): void => {
      const [head = '', ...bodies] = answer.split('\r\n\r\n');
      socket.destroy();
      resolve({ status: Number(head.split(' ')[1]), head, body: bodies.join('\r\n\r\n') });
    };
    socket.setTimeout(60_000, () => {
      finish();
    });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (!untilClosed && isComplete(answer)) finish();
      else if (!untilClosed && !close.length && answer.includes('\r\n\r\n')) setTimeout(finish, 200);
    });
    socket.once('close', finish);
    socket.once('error', reject);
  });
}
