import type { OutgoingHttpHeaders } from 'node:http';
import { openEventSocket, type EventSocket } from './websocket.ts';
import { sendRequest, type HttpResponse, type HttpRequest, type Target } from './http-request.ts';

/** One person who comes through the gateway. */
export interface TestUser {
  readonly name: string;
  /** The value of `Authorization`. */
  readonly authorization: string;
  /** When it ends, in milliseconds since 1970; undefined when it does not end by itself. */
  readonly untilMs?: number | undefined;
}

/** A person at the gateway; every answer that says nothing about isolation is thrown. */
export interface TestClient {
  readonly name: string;
  readonly untilMs: number | undefined;
  /** @throws Error unless the status is 200, 201 or 204 */
  must(question: HttpRequest): Promise<HttpResponse>;
  /** Whether there is something to be had: true for 200, false for 400, 403 and 404. @throws Error for any other */
  finds(path: string, proof?: (body: Buffer) => boolean): Promise<boolean>;
  json(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  events(clientId: string): Promise<EventSocket>;
}

const DONE = new Set([200, 201, 204]);
const NOT_THERE = new Set([400, 403, 404]);

function parse(body: Buffer): unknown {
  return body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
}

function unexpected(name: string, question: HttpRequest, answer: HttpResponse): Error {
  const said = answer.body.toString('utf8').replace(/\s+/g, ' ').slice(0, 200);
  return new Error(
    `${question.method ?? 'GET'} ${question.path} as ${name}: status ${answer.status} ${said}`.trim(),
  );
}

/** Lets a person ask the gateway. */
export function createTestClient(gateway: Target, { name, authorization, untilMs }: TestUser): TestClient {
  const as = (question: HttpRequest): Promise<HttpResponse> => {
    const headers: OutgoingHttpHeaders = { ...question.headers, authorization };
    return sendRequest(gateway, { ...question, headers });
  };
  async function must(question: HttpRequest): Promise<HttpResponse> {
    const answer = await as(question);
    if (!DONE.has(answer.status)) throw unexpected(name, question, answer);
    return answer;
  }
  return {
    name,
    untilMs,
    must,
    async finds(path, proof = () => true) {
      const answer = await as({ path });
      if (answer.status === 200) return proof(answer.body);
      if (NOT_THERE.has(answer.status)) return false;
      throw unexpected(name, { path }, answer);
    },
    events: (clientId) => openEventSocket(gateway, { authorization, clientId }),
    json: async (path) => parse((await must({ path })).body),
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      return parse((await must({ method: 'POST', path, headers, body: JSON.stringify(body) })).body);
    },
  };
}
