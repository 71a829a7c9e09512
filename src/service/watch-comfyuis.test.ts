import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createMetrics } from '../admin/metrics.ts';
import type { ComfyuiReport } from '../comfyui/watch-upstreams.ts';
import type { Config } from '../config/schema.ts';
import { watchComfyuis } from './watch-comfyuis.ts';

const WORKS: ComfyuiReport = {
  problem: undefined,
  up: true,
  workerAlive: true,
  usage: {
    users: [],
    queue: { waiting: 3, running: 1, oldestWaitSeconds: 4000, users: [] },
    quotaBytes: null,
    webSockets: {},
    totals: { prompts: 7, failed: 1, gpuSeconds: 20 },
    disk: { free: 10, total: 20 },
  },
};
const DOWN: ComfyuiReport = { problem: 'down', up: false, workerAlive: undefined };
const config = {
  endpoints: [{ name: 'studio', upstream: ['http://127.0.0.1:8188'], multiTenant: true }],
} as unknown as Config;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a ComfyUI that goes down shows no queue and no disk, but keeps its totals', async () => {
  const metrics = createMetrics();
  let report = WORKS;
  const ask = (): Promise<ComfyuiReport> => Promise.resolve(report);
  const watch = watchComfyuis(config, ask, { metrics, log: pino({ level: 'silent' }) });
  await vi.advanceTimersByTimeAsync(1);
  const oldest = 'comfy_tenant_comfyui_queue_oldest_wait_seconds{endpoint="studio",upstream="1"}';
  expect(await metrics.registry.metrics()).toContain(`${oldest} 4000`);
  report = DOWN;
  await vi.advanceTimersByTimeAsync(6000);
  const text = await metrics.registry.metrics();
  expect(text).toContain('comfy_tenant_comfyui_up{endpoint="studio",upstream="1"} 0');
  expect(text).not.toMatch(/^comfy_tenant_comfyui_(queue|disk)_.*studio/m);
  expect(text).toContain('comfy_tenant_comfyui_prompts_total{endpoint="studio",upstream="1"} 7');
  watch.close();
});
