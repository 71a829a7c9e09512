import { expect, test } from 'vitest';
import { watchBootstrap } from './bootstrap-watch.ts';

const OLD = '0123456789abcdef';
const NEW = 'fedcba9876543210';

function aWatch(...expected: string[]) {
  const reported: string[] = [];
  let ms = 0;
  const watch = watchBootstrap({ now: () => ms, onOutdated: (problem) => reported.push(problem) });
  watch.expect(new Set(expected));
  return { ...watch, reported, later: (by: number) => void (ms += by) };
}

test('an Envoy that runs what is rendered is no problem', () => {
  const watch = aWatch(NEW, OLD);
  watch.seen(NEW);
  watch.seen(OLD);
  expect([...watch.problems(), ...watch.reported]).toEqual([]);
});

test('an outdated bootstrap is reported once, and is a problem until Envoy runs the new one', () => {
  const watch = aWatch(NEW);
  for (let times = 0; times < 5; times++) watch.seen(OLD);
  const problem = `Envoy runs bootstrap ${OLD}, which does not match the configuration: render it again with \`comfy-tenant envoy\` and restart Envoy`;
  expect(watch.reported).toEqual([problem]);
  watch.later(3_600_000);
  expect(watch.problems()).toEqual([problem]);
  watch.seen(NEW);
  expect(watch.problems()).toEqual([]);
});

test('a change of the configuration shows at once, before the next check', () => {
  const watch = aWatch(OLD);
  watch.seen(OLD);
  watch.expect(new Set([NEW]));
  expect(watch.reported).toHaveLength(1);
  expect(watch.problems()).toHaveLength(1);
});

test('a change that is taken back is no problem', () => {
  const watch = aWatch(OLD);
  watch.seen(OLD);
  watch.expect(new Set([NEW]));
  watch.expect(new Set([OLD]));
  expect(watch.problems()).toEqual([]);
});

test('of two Envoys, the outdated one stays a problem for as long as it sends checks, reported once', () => {
  const watch = aWatch(NEW);
  for (let minutes = 0; minutes < 10; minutes++) {
    watch.seen(OLD);
    watch.seen(NEW);
    expect(watch.problems()).toHaveLength(1);
    watch.later(30_000);
  }
  expect(watch.reported).toHaveLength(1);
  watch.later(60_000);
  expect(watch.problems()).toEqual([]);
});

test('a bootstrap without a digest is outdated, and nothing of what it says is repeated', () => {
  const watch = aWatch(NEW);
  watch.seen('');
  watch.seen('<script>');
  expect(watch.problems()).toHaveLength(2);
  expect(watch.problems()[0]).toMatch(/^Envoy runs a bootstrap of an earlier version/);
  expect(watch.problems().join()).not.toContain('script');
});

test('however many digests come, memory stays small', () => {
  const watch = aWatch(NEW);
  for (let count = 0; count < 1000; count++) watch.seen(count.toString(16).padStart(16, '0'));
  expect(watch.reported.length).toBeLessThan(20);
});
