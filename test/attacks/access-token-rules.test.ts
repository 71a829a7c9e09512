import { randomBytes } from 'node:crypto';
import { hashSync } from '@node-rs/bcrypt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToken } from '../../src/access-token/edit-access-tokens.ts';
import type { UserId } from '../../src/auth/user-id.ts';
import { aGuard } from '../support/guard.ts';
import { basic } from '../support/requests.ts';

const users = ['alice', 'bob', 'carol'].map(
  (name) => `{ username: ${name}, password: "${hashSync(name, 4)}" }`,
);
const CONFIG = `
endpoints:
  - name: studio
    domains: [studio.example]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, users: [${users.join(', ')}], operators: { users: [carol] } }
    rules:
      - { allow: POST /free, to: { operators: true } }
      - { deny: POST /free }
      - { deny: /upload/*, to: { users: [alice] } }
`;
const REQUESTS = [
  ['POST', '/free'],
  ['POST', '/api/free'],
  ['POST', '/%66ree'],
  ['GET', '/free'],
  ['POST', '/upload/image'],
  ['POST', '/api/upload/%69mage'],
  ['GET', '/queue'],
] as const;

let guard: ReturnType<typeof aGuard>;
beforeEach(() => {
  guard = aGuard(CONFIG);
});
afterEach(() => {
  guard.close();
});

async function tokenOf(user: string): Promise<string> {
  const owner = { endpoint: 'studio', user, userId: user as UserId, name: 'script', lifetimeMs: 86_400_000 };
  const result = await createToken(owner, { change: guard.accessTokens.change, now: guard.now, randomBytes });
  if (result.kind === 'refused') throw new Error(result.fault);
  return result.text;
}

test.each(['alice', 'bob', 'carol'])(
  'the rules treat a token of %s as they treat the password',
  async (user) => {
    const token = await tokenOf(user);
    const verdicts = async (authorization: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      // Twice: the second time, the credentials are remembered.
      for (const [method, path] of [...REQUESTS, ...REQUESTS])
        found.push(
          await guard.authorize([['authorization', authorization]], { host: 'studio.example', method, path }),
        );
      return found;
    };
    const byPassword = await verdicts(basic(user, user));
    expect(await verdicts(`Bearer ${token}`)).toEqual(byPassword);
    expect(await verdicts(basic(user, token))).toEqual(byPassword);
    const denied = { refused: 'rule-denied', status: 403 };
    expect(byPassword[0]).toEqual(user === 'carol' ? { user } : denied);
    expect(byPassword[4]).toEqual(user === 'alice' ? denied : { user });
    expect(byPassword[6]).toEqual({ user });
  },
);
