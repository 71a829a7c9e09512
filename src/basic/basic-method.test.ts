import { hash as bcrypt } from '@node-rs/bcrypt';
import { beforeAll, expect, test } from 'vitest';
import { aRequest, basic } from '../../test/support/requests.ts';
import { createHashQueue } from './hash-queue.ts';
import { createBasicMethod, type BasicOptions } from './basic-method.ts';
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts';

const users = new Map<string, string>();
beforeAll(async () => {
  users.set('alice', await bcrypt('tulip', 4));
  users.set('bob', await bcrypt('cedar', 4));
});

function aMethod(changes: Partial<BasicOptions> = {}) {
  return createBasicMethod({
    endpoint: 'studio',
    realm: 'studio',
    users,
    isOperator: () => false,
    accessOf: () => undefined,
    hashing: createHashQueue({ parallel: 2, waiting: 10 }),
    throttle: createLoginThrottle(
      () => 1,
      () => undefined,
    ),
    ...changes,
  });
}

const from = { address: '192.0.2.7' };
const credentials = (text: string) => ({ text, ambient: true });

test('the user name is the isolation id', async () => {
  const decision = await aMethod().authenticate(credentials(basic('alice', 'tulip')), from);
  expect(decision).toEqual({
    kind: 'allow',
    identity: { userId: 'alice', operator: false, forwardedClaims: [] },
  });
});

test('a prefix separates users of this list from those of others', async () => {
  const decision = await aMethod({ userIdPrefix: 'corp' }).authenticate(
    credentials(basic('alice', 'tulip')),
    from,
  );
  expect(decision).toMatchObject({ identity: { userId: 'corp~alice' } });
});

test.each([
  ["another user's password", basic('alice', 'cedar'), 'password-wrong'],
  ['a name in another case', basic('Alice', 'tulip'), 'user-unknown'],
  ["an unknown name with a known user's password", basic('carol', 'tulip'), 'user-unknown'],
  ['a name of the prototype', basic('__proto__', 'x'), 'user-unknown'],
  ['something that is not Basic', 'Bearer abc', 'scheme-unsupported'],
])('%s is refused', async (_, text, reason) => {
  expect(await aMethod().authenticate(credentials(text), from)).toEqual({ kind: 'deny', reason });
});

test('an unknown user costs a hash too, and a decoy’s password never signs in', async () => {
  let hashed = 0;
  const hashing = createHashQueue({ parallel: 1, waiting: 1 });
  const counting = { ...hashing, run: <T>(work: () => Promise<T>) => (hashed++, hashing.run(work)) };
  for (const password of ['tulip', 'cedar']) {
    const decision = await aMethod({ hashing: counting }).authenticate(
      credentials(basic('mallory', password)),
      from,
    );
    expect(decision).toEqual({ kind: 'deny', reason: 'user-unknown' });
  }
  expect(hashed).toBe(2);
});

test('an empty user list rejects everyone', async () => {
  const decision = await aMethod({ users: new Map() }).authenticate(
    credentials(basic('alice', 'tulip')),
    from,
  );
  expect(decision).toEqual({ kind: 'deny', reason: 'user-unknown' });
});

test('a full hash queue is a temporary failure, not a denial', async () => {
  const full = { run: () => undefined, waiting: 100 };
  expect(await aMethod({ hashing: full }).authenticate(credentials(basic('alice', 'tulip')), from)).toEqual({
    kind: 'unavailable',
    cause: 'too many passwords are waiting to be hashed',
    retryAfterSeconds: 1,
  });
});

test('the challenge quotes the realm and asks for UTF-8', () => {
  expect(aMethod({ realm: 'The "big" \\ box' }).challenge).toBe(
    'Basic realm="The \\"big\\" \\\\ box", charset="UTF-8"',
  );
});

test.each([
  ['none', [], 'credentials-missing'],
  ['an empty one', [['authorization', '']], 'credentials-missing'],
  [
    'two',
    [
      ['authorization', basic('alice', 'tulip')],
      ['authorization', basic('bob', 'cedar')],
    ],
    'credentials-ambiguous',
  ],
] as const)('a request with %s of Authorization is refused', (_, headers, reason) => {
  expect(aMethod().find(aRequest(headers))).toEqual({ kind: 'deny', reason });
});

test('after too many failures even the right password must wait, and nothing is hashed', async () => {
  const throttle = { begin: () => ({ kind: 'blocked', retryAfterSeconds: 8 }) as const };
  const hashing = { run: () => { throw new Error('hashed'); }, waiting: 0 }; // prettier-ignore
  const method = aMethod({ throttle, hashing });
  expect(await method.authenticate(credentials(basic('alice', 'tulip')), from)).toEqual({
    kind: 'deny',
    reason: 'too-many-failures',
    retryAfterSeconds: 8,
  });
});

test.each([
  ['a name over 200 bytes encoded', basic('é'.repeat(34), 'x')],
  ['a name of 40 KB', basic('a'.repeat(40_000), 'x')],
  ['a password over 1 KiB', basic('alice', 'x'.repeat(1025))],
])('%s is rejected like a wrong one, without counting or hashing', async (_, text) => {
  const never = (): never => {
    throw new Error('counted or hashed');
  };
  const method = aMethod({ throttle: { begin: never }, hashing: { run: never, waiting: 0 } });
  expect(await method.authenticate(credentials(text), from)).toEqual({
    kind: 'deny',
    reason: 'user-unknown',
  });
});

test('each attempt is counted before hashing, and resolved with its result', async () => {
  const counted: string[] = [];
  const throttle: LoginThrottle = {
    begin: ({ endpoint, username, address }) => {
      counted.push(`${endpoint} ${username} ${address}`);
      return {
        kind: 'admitted',
        attempt: {
          succeeded: () => void counted.push('succeeded'),
          failed: () => void counted.push('failed'),
          abandoned: () => void counted.push('abandoned'),
        },
      };
    },
  };
  const method = aMethod({ throttle });
  for (const password of ['wrong', 'tulip'])
    await method.authenticate(credentials(basic('alice', password)), from);
  await method.authenticate(credentials(basic('mallory', 'x')), from);
  const full = aMethod({ throttle, hashing: { run: () => undefined, waiting: 100 } });
  await full.authenticate(credentials(basic('alice', 'tulip')), from);
  const broken = aMethod({
    throttle,
    hashing: { run: () => Promise.reject(new Error('broken')), waiting: 0 },
  });
  await expect(broken.authenticate(credentials(basic('alice', 'tulip')), from)).rejects.toThrow('broken');
  expect(counted).toEqual([
    ...['studio alice 192.0.2.7', 'failed'],
    ...['studio alice 192.0.2.7', 'succeeded'],
    ...['studio mallory 192.0.2.7', 'failed'],
    ...['studio alice 192.0.2.7', 'abandoned'],
    ...['studio alice 192.0.2.7', 'failed'],
  ]);
});
