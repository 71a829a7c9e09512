import { expect, test } from 'vitest';
import { createLoginThrottle, type LoginAttempt } from './login-throttle.ts';

const HOME = '192.0.2.1';

function aThrottle() {
  const clock = { ms: 1_000_000 };
  const blocks: string[] = [];
  const throttle = createLoginThrottle(
    () => clock.ms,
    (kind) => blocks.push(kind),
  );
  /** Seconds to wait, or the attempt. */
  const begin = (username = 'alice', address = HOME, endpoint = 'studio'): LoginAttempt | number => {
    const admission = throttle.begin({ endpoint, username, address });
    return admission.kind === 'blocked' ? admission.retryAfterSeconds : admission.attempt;
  };
  const ended = (how: keyof LoginAttempt) => (name?: string, address?: string, endpoint?: string) => {
    const attempt = begin(name, address, endpoint);
    if (typeof attempt === 'number') return attempt;
    attempt[how]();
    return 0;
  };
  return { clock, begin, fail: ended('failed'), succeed: ended('succeeded'), blocks, throttle };
}

const address = (n: number): string => `198.51.${n >> 8}.${n & 255}`;

test('the first four failures cause no delay, the fifth one second, and each further one doubles it', () => {
  const { clock, begin, fail } = aThrottle();
  for (let count = 0; count < 5; count++) expect(fail()).toBe(0);
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    expect(begin()).toBe(seconds);
    clock.ms += seconds * 1000 - 1;
    expect(begin()).toBe(1);
    clock.ms += 1;
    expect(fail()).toBe(0);
  }
});

test('of a hundred parallel attempts, only as many start as would sequentially', () => {
  const { begin, clock } = aThrottle();
  const tries = Array.from({ length: 100 }, () => begin());
  const begun = tries.filter((one) => typeof one !== 'number');
  expect(begun).toHaveLength(5);
  expect(new Set(tries.slice(5))).toEqual(new Set([1]));
  for (const attempt of begun) attempt.failed();
  clock.ms += 1000;
  const next = Array.from({ length: 100 }, () => begin());
  expect(next.filter((one) => typeof one !== 'number')).toHaveLength(1);
});

test('parallel attempts of one client at many names are counted together', () => {
  const { begin } = aThrottle();
  const tries = Array.from({ length: 100 }, (_, n) => begin(`user-${n}`));
  expect(tries.filter((one) => typeof one !== 'number')).toHaveLength(30);
});

test('successful attempts are not counted', () => {
  const { begin } = aThrottle();
  for (let round = 0; round < 50; round++) {
    const tries = [begin(), begin(), begin(), begin()];
    for (const attempt of tries) if (typeof attempt !== 'number') attempt.succeeded();
    expect(tries.filter((one) => typeof one === 'number')).toEqual([]);
  }
});

test('abandoned attempts are not counted', () => {
  const { begin } = aThrottle();
  for (let count = 0; count < 200; count++) {
    const attempt = begin();
    if (typeof attempt === 'number') throw new Error('blocked');
    attempt.abandoned();
  }
});

test.each([
  ['a /64', (n: number) => `2001:db8:0:1:${n.toString(16)}::${n.toString(16)}`],
  ['spellings', (n: number) => ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:201', '192.0.2.1:99'][n % 4]!],
])('the addresses of %s are one client', (_, spelling) => {
  const { fail, begin } = aThrottle();
  for (let n = 0; n < 5; n++) expect(fail('alice', spelling(n))).toBe(0);
  expect(begin('alice', spelling(99))).toBe(1);
});

test('a client that guesses many names is delayed, except for users who have signed in from there', () => {
  const { fail, begin, succeed, blocks } = aThrottle();
  succeed('alice');
  for (let count = 0; count < 30; count++) expect(fail(`user-${count}`)).toBe(0);
  expect(begin('other')).toBe(1);
  expect(succeed('alice')).toBe(0);
  expect(blocks).toEqual(['address']);
});

test('clients that never signed in with a name share one budget for it', () => {
  const { fail, begin, succeed, clock, blocks } = aThrottle();
  succeed('alice', HOME);
  for (let n = 0; n < 50; n++) expect(fail('alice', address(n))).toBe(0);
  expect(blocks).toEqual(['strangers']);
  for (let n = 50; n < 1000; n++) expect(begin('alice', address(n))).toBe(30);
  expect(begin('bob', address(1000))).not.toBe(30);
  expect(succeed('alice', HOME)).toBe(0); // The owner, where they are known.
  clock.ms += 30_000;
  expect(fail('alice', address(1000))).toBe(0);
  expect(begin('alice', address(1001))).toBe(30);
});

test('one client alone never exhausts the shared budget', () => {
  const { fail, begin, clock } = aThrottle();
  for (let seconds = 0; seconds < 4 * 3600; seconds++) {
    fail('alice', address(1));
    clock.ms += 1000;
  }
  expect(typeof begin('alice', HOME)).not.toBe('number');
});

test('an unknown client that signs in returns its share of the budget', () => {
  const { fail, succeed, begin } = aThrottle();
  for (let n = 0; n < 49; n++) fail('alice', address(n));
  expect(succeed('alice', HOME)).toBe(0);
  expect(typeof begin('alice', address(99))).not.toBe('number');
});

test('success at one endpoint does not affect the same name at another', () => {
  const { fail, succeed, begin } = aThrottle();
  for (let n = 0; n < 5; n++) {
    fail('alice', HOME, 'victim');
    succeed('alice', HOME, 'own');
  }
  expect(begin('alice', HOME, 'victim')).toBe(1);
});

test('a success resets only the counters of its own client', () => {
  const { fail, succeed, begin } = aThrottle();
  for (let n = 0; n < 5; n++) fail('alice', address(1));
  succeed('alice', HOME);
  expect(begin('alice', address(1))).toBe(1);
});

test('a flood of new clients and names evicts neither delayed nor known clients', () => {
  const { fail, succeed, begin } = aThrottle();
  succeed('alice', HOME);
  for (let n = 0; n < 11; n++) fail('alice', `203.0.113.${n % 2}`);
  for (let n = 0; n < 50; n++) fail('bob', address(n));
  for (let n = 0; n < 12_000; n++) fail(`${'x'.repeat(100)}${n}`, `2001:db8:${n.toString(16)}::1`);
  expect(begin('alice', '203.0.113.0')).toBe(1);
  expect(begin('bob', address(77))).toBe(30);
  for (let n = 50; n < 120; n++) fail('alice', address(n));
  expect(succeed('alice', HOME)).toBe(0);
});

test('10,000 failures with long names use little memory', () => {
  const { fail } = aThrottle();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 10_000; n++) fail(`${'x'.repeat(40_000)}${n}`, address(n));
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
});

test('operators see each delay once, while it holds, and can end it', () => {
  const { clock, begin, fail, throttle } = aThrottle();
  for (let count = 0; count < 5; count++) fail();
  clock.ms += 1000;
  fail();
  const [lockout, ...others] = throttle.lockouts();
  expect(others).toEqual([]);
  expect(lockout).toMatchObject({
    kind: 'user',
    endpoint: 'studio',
    username: 'alice',
    network: HOME,
    seconds: 2,
  });
  expect(throttle.unlock('another')).toBe(false);
  expect(begin()).toBe(2);
  expect(throttle.unlock(lockout?.id ?? '')).toBe(true);
  expect(typeof begin()).not.toBe('number');
  expect(throttle.lockouts()).toEqual([]);
});

test('a delay that is over is not shown, and one for a client or for strangers can be ended, too', () => {
  const { clock, begin, fail, throttle } = aThrottle();
  for (let count = 0; count < 30; count++) fail(`user${count}`);
  expect(throttle.lockouts().map(({ kind }) => kind)).toEqual(['address']);
  for (const { id } of throttle.lockouts()) throttle.unlock(id);
  expect(typeof begin('user99')).not.toBe('number');
  for (let count = 0; count < 60; count++) fail('bob', address(count));
  const [strangers] = throttle.lockouts().filter(({ kind }) => kind === 'strangers');
  expect(begin('bob', '192.0.2.200')).toBeGreaterThan(0);
  throttle.unlock(strangers?.id ?? '');
  expect(typeof begin('bob', '192.0.2.200')).not.toBe('number');
  clock.ms += 3_600_000;
  expect(throttle.lockouts()).toEqual([]);
});
