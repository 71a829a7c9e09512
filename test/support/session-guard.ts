import { hashSync } from '@node-rs/bcrypt';
import type { HeaderField } from '../../src/http/request-head.ts';
import { newSession, type Session } from '../../src/session/session.ts';
import { aDirectory, load } from '../support/temp-dir.ts';
import { aGuard } from '../support/guard.ts';

export const HASHES = { alice: hashSync('tulip', 4), bob: hashSync('cedar', 4) };
export const HOUR = 3_600_000;
const HOST = 'studio.example.com';

const users = (hashes: Readonly<Record<string, string>>): string =>
  Object.entries(hashes)
    .map(([name, hash]) => `{ username: ${name}, password: "${hash}" }`)
    .join(', ');

const endpoint = (name: string, hashes: Readonly<Record<string, string>>): string => `
  - name: ${name}
    domains: [${name}.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users(hashes)}] }`;

const config = (hashes: Readonly<Record<string, string>>, session: string): string =>
  `endpoints:${endpoint('studio', hashes)}${endpoint('other', HASHES)}
sameUsers: true
session: ${session}
`;

const LIMITS = '{ ttl: 8h, maxAge: 7d }';

/** Two endpoints with the same users, and sessions of alice and bob at the first. */
export function aSessionGuard() {
  const guard = aGuard(config(HASHES, LIMITS));

  function aSession(user = 'alice', changes: Partial<Session> = {}): Session {
    const { source, limits } = guard.portalEndpoint('studio')!;
    const known = { endpoint: 'studio', method: 'BASIC', user, ...source.contentOf({ user }) } as const;
    return { ...newSession(known, limits, guard.now()), ...changes };
  }

  return {
    ...guard,
    aSession,
    /** The cookie pair of a session. */
    sealed: async (session = aSession(), isSecure = false): Promise<string> =>
      (await guard.sessions.seal(session, isSecure)).replace(/;.*/, ''),
    verdict: (cookie: string, host = HOST, ...more: HeaderField[]) =>
      guard.authorize([['cookie', cookie], ...more], { host }),
    asks: (cookie: string, ...more: HeaderField[]) =>
      guard.ask([['cookie', cookie], ...more], { host: HOST }),
    change(hashes: Readonly<Record<string, string>> = HASHES, session = LIMITS) {
      const directory = aDirectory();
      guard.replace(load(directory.write('comfy-tenant.yaml', config(hashes, session))).config);
      directory.remove();
    },
  };
}
