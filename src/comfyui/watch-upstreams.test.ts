import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Config, Endpoint } from '../config/schema.ts';
import { watchUpstreams, type ComfyuiReport, type UpstreamLabels } from '../comfyui/watch-upstreams.ts';

const GOOD: ComfyuiReport = { problem: undefined, up: true, workerAlive: true };
const DOWN: ComfyuiReport = { problem: 'down', up: false, workerAlive: undefined };

/** A configuration of endpoints with these upstreams. */
function aConfig(upstreams: Readonly<Record<string, readonly string[]>>, multiTenant = true): Config {
  const endpoints = Object.entries(upstreams).map(
    ([name, upstream]) => ({ name, upstream, multiTenant }) as unknown as Endpoint,
  );
  return { endpoints } as unknown as Config;
}

let asked: string[];
let answer: (url: string) => Promise<ComfyuiReport>;
let reports: [UpstreamLabels, ComfyuiReport][];
let gone: UpstreamLabels[];

const watch = (config: Config) =>
  watchUpstreams(config, {
    ask(url) {
      asked.push(url);
      return answer(url);
    },
    onReport: (labels, report) => reports.push([labels, report]),
    onGone: (labels) => gone.push(labels),
    everyMs: 5000,
  });

beforeEach(() => {
  vi.useFakeTimers();
  [asked, reports, gone] = [[], [], []];
  answer = () => Promise.resolve(GOOD);
});
afterEach(() => {
  vi.useRealTimers();
});

test('each ComfyUI is asked at once and every few seconds, once for all endpoints that share it', async () => {
  const watching = watch(aConfig({ one: ['http://a', 'http://b'], two: ['http://a'] }));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual(['http://a', 'http://b']);
  expect(reports.map(([labels]) => labels)).toEqual([
    { endpoint: 'one', upstream: '1' },
    { endpoint: 'two', upstream: '1' },
    { endpoint: 'one', upstream: '2' },
  ]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(4);
  watching.close();
});

test('one that does not answer is not asked again before it has', async () => {
  answer = () => new Promise(() => undefined);
  const watching = watch(aConfig({ one: ['http://a'] }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(['http://a']);
  watching.close();
});

test('a problem is listed while it lasts', async () => {
  answer = () => Promise.resolve(DOWN);
  const watching = watch(aConfig({ one: ['http://a'] }));
  await vi.advanceTimersByTimeAsync(0);
  expect(watching.problems).toEqual(['down']);
  answer = () => Promise.resolve(GOOD);
  await vi.advanceTimersByTimeAsync(5000);
  expect(watching.problems).toEqual([]);
  watching.close();
});

test('a change of the configuration asks the new ones and forgets the old ones', async () => {
  answer = () => Promise.resolve(DOWN);
  const watching = watch(aConfig({ one: ['http://a', 'http://b'] }));
  await vi.advanceTimersByTimeAsync(0);
  watching.replace(aConfig({ one: ['http://c'] }));
  expect(gone).toEqual([{ endpoint: 'one', upstream: '2' }]);
  expect(watching.problems).toEqual([]);
  asked = [];
  await vi.advanceTimersByTimeAsync(20_000);
  expect(new Set(asked)).toEqual(new Set(['http://c']));
  watching.close();
});

test('an answer that comes after its ComfyUI was taken out says nothing', async () => {
  let late: (report: ComfyuiReport) => void = () => undefined;
  answer = () => new Promise((resolve) => (late = resolve));
  const watching = watch(aConfig({ one: ['http://a'] }));
  watching.replace(aConfig({}));
  late(DOWN);
  await vi.advanceTimersByTimeAsync(0);
  expect(reports).toEqual([]);
  expect(watching.problems).toEqual([]);
  watching.close();
});

test('nothing is asked once closed, nor without multi-tenant mode', async () => {
  watch(aConfig({ one: ['http://a'] })).close();
  watch(aConfig({ one: ['http://b'] }, false));
  asked = [];
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual([]);
});
