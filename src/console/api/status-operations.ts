import { z } from 'zod';
import { operation, ApiProblem, type Operation } from './operation.ts';
import * as schemas from './schemas.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const MOST_EVENTS = 1000;
const DAY_MS = 86_400_000;

/** What runs, who is there, and what happened; and ending it. */
export const STATUS_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'getStatus',
    method: 'get',
    path: '/status',
    summary: 'Every part with its problems, checks by reason, keys, queues and lockouts',
    result: schemas.status,
    async run(_, { parts }) {
      const { minutes, parts: all, ...status } = await parts.operations.status();
      return {
        ...status,
        parts: all.map(({ sinceMs, ...part }) => ({
          ...part,
          problems: [...part.problems],
          since: iso(sinceMs),
        })),
        minutes: minutes.map(({ atMs, ...minute }) => ({ ...minute, at: iso(atMs) })),
        checks: [...status.checks],
        keys: status.keys.map((one) => ({ ...one, keys: [...one.keys] })),
        comfyuis: [...status.comfyuis],
        lockouts: [...status.lockouts],
      };
    },
  }),
  operation({
    id: 'getUsage',
    method: 'get',
    path: '/usage',
    summary: 'GPU seconds, prompts and storage per user, as comfy-tenant usage prints them',
    query: z.strictObject({ days: z.coerce.number().int().min(1).max(400).default(30) }),
    result: schemas.usage,
    async run({ query: { days } }, { parts }) {
      const { users, problems, quotaBytes } = await parts.operations.usage(parts.now() - days * DAY_MS);
      return { users: [...users], problems: [...problems], quotaBytes };
    },
  }),
  operation({
    id: 'listSessions',
    method: 'get',
    path: '/sessions',
    summary: 'Sessions of browsers',
    result: schemas.sessions,
    run: (_, { parts }) => ({
      sessions: parts.operations.sessions().map(({ signedInAtMs, endsAtMs, ...one }) => ({
        ...one,
        signedIn: iso(signedInAtMs),
        ends: iso(endsAtMs),
      })),
    }),
  }),
  operation({
    id: 'endSession',
    method: 'delete',
    path: '/sessions/{session}',
    summary: 'Ends a session and closes its WebSockets',
    role: 'administrator',
    parameters: z.strictObject({ session: schemas.name }),
    result: schemas.done,
    problems: [404],
    async run({ parameters: { session } }, { parts }) {
      if (!(await parts.operations.endSession(session)))
        throw new ApiProblem(404, 'there is no such session');
      return { done: true };
    },
  }),
  operation({
    id: 'endUser',
    method: 'delete',
    path: '/users/{user}/sessions',
    summary: 'Ends all sessions, tokens and access tokens of a user id',
    role: 'administrator',
    parameters: z.strictObject({ user: schemas.name }),
    result: schemas.done,
    problems: [404],
    async run({ parameters: { user } }, { parts }) {
      if (!(await parts.operations.endUser(user))) throw new ApiProblem(404, 'no user can have this id');
      return { done: true };
    },
  }),
  operation({
    id: 'unlock',
    method: 'delete',
    path: '/lockouts/{lockout}',
    summary: 'Ends a delay after failed sign-ins',
    role: 'administrator',
    parameters: z.strictObject({ lockout: schemas.name }),
    result: schemas.done,
    problems: [404],
    run({ parameters: { lockout } }, { parts, user, address }) {
      if (!parts.operations.unlock(lockout)) throw new ApiProblem(404, 'there is no such lockout');
      parts.audit({ event: 'console-changed', user: user.name, what: 'lockout ended', address });
      return { done: true };
    },
  }),
  operation({
    id: 'searchAudit',
    method: 'get',
    path: '/audit',
    summary: 'The last audit events that contain a text, the newest first',
    query: z.strictObject({
      text: z.string().max(256).default(''),
      limit: z.coerce.number().int().min(1).max(MOST_EVENTS).default(100),
    }),
    result: schemas.events,
    run: ({ query: { text, limit } }, { parts }) => ({
      events: parts.operations.audit(text, limit).map((line) => JSON.parse(line) as Record<string, unknown>),
    }),
  }),
];
