import { expect, test } from 'vitest';
import { createRegulation } from './regulation.ts';

function aRegulation() {
  const clock = { ms: 1_000_000 };
  const blocks: string[] = [];
  const regulation = createRegulation(
    () => clock.ms,
    (kind) => blocks.push(kind),
  );
  const fail = (times: number, name = 'alice', address = '192.0.2.1'): void => {
    for (let count = 0; count < times; count++) regulation.failed(name, address);
  };
  return { clock, regulation, fail, blocks };
}

test('the first four failures cost nothing, the fifth a second, then each doubles the delay', () => {
  const { regulation, fail } = aRegulation();
  fail(5);
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(1);
  fail(1);
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(2);
  fail(20);
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(300);
});

test('four failures cost nothing', () => {
  const { regulation, fail } = aRegulation();
  fail(4);
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(0);
});

test("a stranger's guesses from elsewhere do not lock out the right password", () => {
  const { regulation, fail } = aRegulation();
  fail(500, 'alice', '198.51.100.9');
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(0);
  expect(regulation.blockedSeconds('bob', '192.0.2.1')).toBe(0);
});

test('a name under attack from many addresses gives each new one a single try', () => {
  const { regulation, fail } = aRegulation();
  for (let host = 0; host < 51; host++) fail(1, 'alice', `198.51.100.${String(host)}`);
  fail(1, 'alice', '203.0.113.5');
  expect(regulation.blockedSeconds('alice', '203.0.113.5')).toBe(1);
});

test('an address that guesses at many names is slowed down for all', () => {
  const { regulation, fail, blocks } = aRegulation();
  for (let count = 0; count < 30; count++) fail(1, `user${String(count)}`);
  expect(regulation.blockedSeconds('somebody', '192.0.2.1')).toBe(1);
  expect(blocks).toEqual(['address']);
});

test('the delay passes, and success clears it', () => {
  const { regulation, fail, clock } = aRegulation();
  fail(6);
  clock.ms += 2000;
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(0);
  regulation.succeeded('alice', '192.0.2.1');
  fail(4);
  expect(regulation.blockedSeconds('alice', '192.0.2.1')).toBe(0);
});
