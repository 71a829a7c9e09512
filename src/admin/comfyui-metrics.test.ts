import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createComfyuiMetrics } from './comfyui-metrics.ts';

const LABELS = { endpoint: 'studio', upstream: '1' };
const figures = (prompts: number) => ({
  queue: { waiting: 3, running: 1, oldestWaitSeconds: 12.5 },
  totals: { prompts, failed: 1, gpuSeconds: prompts * 2 },
  disk: { free: 10, total: 20 },
});
const name = 'comfy_tenant_comfyui_';

function shown(...all: number[]) {
  const registry = new Registry();
  const metrics = createComfyuiMetrics(registry);
  for (const prompts of all) metrics.show(LABELS, figures(prompts));
  return { metrics, text: () => registry.metrics() };
}

test('queue and disk are shown as they are now', async () => {
  const text = await shown(4).text();
  for (const line of ['queue_waiting', 'queue_oldest_wait_seconds', 'disk_free_bytes'])
    expect(text).toMatch(new RegExp(`^${name}${line}\\{endpoint="studio",upstream="1"\\} [0-9.]+$`, 'm'));
});

test('totals go on counting after a restart of ComfyUI', async () => {
  const text = await shown(4, 6, 1).text();
  expect(text).toContain(`${name}prompts_total{endpoint="studio",upstream="1"} 7`);
  expect(text).toContain(`${name}gpu_seconds_total{endpoint="studio",upstream="1"} 14`);
});

test('a ComfyUI that left the configuration disappears', async () => {
  const { metrics, text } = shown(4);
  metrics.remove(LABELS);
  expect(await text()).not.toContain('upstream="1"');
});

test('a ComfyUI that does not answer has no queue and disk, and its totals stay', async () => {
  const { metrics, text } = shown(4);
  metrics.hide(LABELS);
  expect(await text()).not.toMatch(new RegExp(`^${name}(queue|disk)_.*upstream`, 'm'));
  expect(await text()).toContain(`${name}prompts_total{endpoint="studio",upstream="1"} 4`);
  metrics.show(LABELS, figures(5));
  expect(await text()).toContain(`${name}prompts_total{endpoint="studio",upstream="1"} 5`);
});
