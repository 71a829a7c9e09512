import type { OutgoingHttpHeaders } from 'node:http';
import { openEventSocket, type EventSocket } from './websocket.ts';
import { sendRequest, type HttpResponse, type HttpRequest, type Target } from './http-request.ts';

/** A user of the gateway. */
export interface TestUser {
  readonly name: string;
  /** The value of `Authorization`. */
  readonly authorization: string;
  /** Expiry in milliseconds since 1970; undefined if it does not expire. */
  readonly untilMs?: number | undefined;
}

/** Requests as one user. Responses that are no evidence for or against isolation throw. */
export interface TestClient {
  readonly name: string;
  readonly untilMs: number | undefined;
  /** @throws Error unless the status is 200, 201 or 204 */
  must(request: HttpRequest): Promise<HttpResponse>;
  /** Whether a resource is readable: true for 200 (and `proof` of its body), false for 400, 403 and 404. @throws Error for other statuses */
  finds(path: string, proof?: (body: Buffer) => boolean): Promise<boolean>;
  json(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  events(clientId: string): Promise<EventSocket>;
}

const DONE = new Set([200, 201, 204]);
const NOT_READABLE = new Set([400, 403, 404]);

function parse(body: Buffer): unknown {
  return body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
}

function unexpected(name: string, request: HttpRequest, response: HttpResponse): Error {
  const text = response.body.toString('utf8').replace(/\s+/g, ' ').slice(0, 200);
  return new Error(
    `${request.method ?? 'GET'} ${request.path} as ${name}: status ${response.status} ${text}`.trim(),
  );
}

/** Creates a client that sends one user's requests through the gateway. */
export function createTestClient(gateway: Target, { name, authorization, untilMs }: TestUser): TestClient {
  const as = (request: HttpRequest): Promise<HttpResponse> => {
    const headers: OutgoingHttpHeaders = { ...request.headers, authorization };
    return sendRequest(gateway, { ...request, headers });
  };
  async function must(request: HttpRequest): Promise<HttpResponse> {
    const response = await as(request);
    if (!DONE.has(response.status)) throw unexpected(name, request, response);
    return response;
  }
  return {
    name,
    untilMs,
    must,
    async finds(path, proof = () => true) {
      const response = await as({ path });
      if (response.status === 200) return proof(response.body);
      if (NOT_READABLE.has(response.status)) return false;
      throw unexpected(name, { path }, response);
    },
    events: (clientId) => openEventSocket(gateway, { authorization, clientId }),
    json: async (path) => parse((await must({ path })).body),
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      return parse((await must({ method: 'POST', path, headers, body: JSON.stringify(body) })).body);
    },
  };
}
