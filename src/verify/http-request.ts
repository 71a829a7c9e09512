import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tlsName } from '../http/tls-name.ts';

/** Where requests go, and as which host. */
export interface Target {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** The value of `Host`; that of the address when left out. */
  readonly host?: string | undefined;
  /** Take any certificate, as an intruder would. Never send a credential there. */
  readonly insecure?: boolean;
}

export interface HttpRequest {
  readonly method?: string;
  /** With its query; sent as it is. */
  readonly path: string;
  /** A list sends the header once for each. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer | string;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: Buffer;
}

const PATIENCE_MS = 30_000;

/** One request on a connection of its own. @throws Error when there is no answer within 30 s */
export function sendRequest(
  { url, host, insecure = false }: Target,
  { method = 'GET', path, headers, body }: HttpRequest,
): Promise<HttpResponse> {
  const { protocol, hostname, port } = new URL(url);
  const request = protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
        port,
        method,
        path,
        agent: false,
        timeout: PATIENCE_MS,
        headers: { ...(host !== undefined && { host }), ...headers },
        ...tlsName(host ?? hostname),
        rejectUnauthorized: !insecure,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
        });
      },
    );
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    sent.once('error', reject);
    sent.end(body);
  });
}
