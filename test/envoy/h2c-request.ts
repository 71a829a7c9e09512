import { connect } from 'node:http2';

export interface H2cAnswer {
  /** Undefined when the stream was reset without an answer. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends a request by HTTP/2 with prior knowledge, on a connection of its own. */
export function h2cRequest(
  port: number,
  headers: Readonly<Record<string, string | string[]>>,
): Promise<H2cAnswer> {
  return new Promise((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`);
    let status: number | undefined;
    let answered: Record<string, unknown> = {};
    let body = '';
    const finish = (): void => {
      session.destroy();
      resolve({ status, headers: answered, body });
    };
    session.on('error', finish);
    // Envoy ends the whole connection when a request breaks the protocol, but closes it a second later.
    session.on('goaway', finish);
    const stream = session.request({ ':path': '/queue', ...headers });
    stream.on('response', (found) => {
      status = Number(found[':status']);
      answered = { ...found };
    });
    stream.on('data', (chunk: Buffer) => (body += chunk.toString()));
    stream.on('error', finish);
    stream.on('close', finish);
    stream.end();
  });
}
