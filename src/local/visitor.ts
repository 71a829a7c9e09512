import type { OutgoingHttpHeaders } from 'node:http';
import { openEvents, type EventStream } from './event-stream.ts';
import { ask, type Answer, type Question, type Target } from './exchange.ts';

/** One person who comes through the gateway. */
export interface Person {
  readonly name: string;
  /** The value of `Authorization`. */
  readonly authorization: string;
  /** When it ends, in milliseconds since 1970; undefined when it does not end by itself. */
  readonly untilMs?: number | undefined;
}

/** A person at the gateway; every answer that says nothing about isolation is thrown. */
export interface Visitor {
  readonly name: string;
  readonly untilMs: number | undefined;
  /** @throws Error unless the status is 200, 201 or 204 */
  must(question: Question): Promise<Answer>;
  /** Whether there is something to be had: true for 200, false for 400, 403 and 404. @throws Error for any other */
  finds(path: string, proof?: (body: Buffer) => boolean): Promise<boolean>;
  json(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  events(clientId: string): Promise<EventStream>;
}

const DONE = new Set([200, 201, 204]);
const NOT_THERE = new Set([400, 403, 404]);

function parse(body: Buffer): unknown {
  return body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
}

function unexpected(name: string, question: Question, answer: Answer): Error {
  const said = answer.body.toString('utf8').replace(/\s+/g, ' ').slice(0, 200);
  return new Error(
    `${question.method ?? 'GET'} ${question.path} as ${name}: status ${answer.status} ${said}`.trim(),
  );
}

/** Lets a person ask the gateway. */
export function visit(gateway: Target, { name, authorization, untilMs }: Person): Visitor {
  const as = (question: Question): Promise<Answer> => {
    const headers: OutgoingHttpHeaders = { ...question.headers, authorization };
    return ask(gateway, { ...question, headers });
  };
  async function must(question: Question): Promise<Answer> {
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
    events: (clientId) => openEvents(gateway, { authorization, clientId }),
    json: async (path) => parse((await must({ path })).body),
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      return parse((await must({ method: 'POST', path, headers, body: JSON.stringify(body) })).body);
    },
  };
}
