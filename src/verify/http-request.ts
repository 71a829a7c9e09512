import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tlsName } from '../http/tls-name.ts';

/** Where requests are sent, and with which `Host`. */
export interface Target {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Value of `Host`; from `url` if omitted. */
  readonly host?: string | undefined;
  /** Accept any certificate, as an attacker would. Never send credentials there. */
  readonly insecure?: boolean;
}

export interface HttpRequest {
  readonly method?: string;
  /** With the query; sent unchanged. */
  readonly path: string;
  /** A list sends the header once per value. */
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer | string;
}

export interface HttpResponse {
  readonly status: number;
  readonly body: Buffer;
}

const TIMEOUT_MS = 30_000;

/** Sends one request on a new connection. @throws Error if there is no response within 30 s */
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
        timeout: TIMEOUT_MS,
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
    sent.once('timeout', () => sent.destroy(new Error(`no response within ${TIMEOUT_MS / 1000} s`)));
    sent.once('error', reject);
    sent.end(body);
  });
}
