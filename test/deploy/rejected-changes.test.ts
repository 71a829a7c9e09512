import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { askEnvoy } from '../../src/deploy/ask-envoy.ts';
import { createDeployment } from '../../src/deploy/deployment.ts';
import { openWatchedFolder } from '../../src/deploy/watched-folder.ts';
import { usualPreset } from '../../src/envoy/rendering.ts';
import { REVISION_SOCKET } from '../../src/http/revision-host.ts';
import { rawRequest } from '../envoy/raw-request.ts';
import { BASIC } from '../envoy/stand.ts';
import { load } from '../support/temp-dir.ts';
import { startWatchedGateway, WAIT, type WatchedGateway } from './watched-gateway.ts';

let gateway: WatchedGateway;
beforeAll(async () => {
  const endpoint = `{ name: studio, domains: [studio.test], upstream: "http://127.0.0.1:1", multiTenant: true, auth: ${BASIC} }`;
  gateway = await startWatchedGateway({ config: `endpoints:\n  - ${endpoint}\n` });
});
afterAll(() => gateway.stop());

function envoyFiles(): Record<string, string> {
  const folder = join(gateway.directory.path, 'envoy');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** What the service's own rules would never let through: Envoy wants each domain once. */
function rejectedByEnvoy(): Config {
  const { config: good } = load(join(gateway.directory.path, 'comfy-tenant.yaml'));
  const [first] = good.endpoints;
  if (first === undefined) throw new Error('no endpoint');
  return { ...good, endpoints: [{ ...first, domains: ['studio.test', 'studio.test'] }] };
}

test('what the real Envoy does not accept is rejected before anything is written', async () => {
  const [files, serve] = [envoyFiles(), vi.fn()];
  await expect(gateway.deployment.apply(rejectedByEnvoy(), serve)).rejects.toThrow(
    /^Envoy rejects it: .*Only unique values for domains are permitted/,
  );
  expect(serve).not.toHaveBeenCalled();
  expect(envoyFiles()).toEqual(files);
  expect((await gateway.readyz()).envoy).toBe('live');
});

test('a change that the running Envoy does not use is taken back, in Envoy and the service', async () => {
  const folder = join(gateway.directory.path, 'envoy');
  const watched = openWatchedFolder({ path: folder, presetOf: usualPreset, asEnvoyNamesIt: folder });
  const { config: good } = load(join(gateway.directory.path, 'comfy-tenant.yaml'));
  const deployment = createDeployment({
    config: good,
    folder: watched,
    ask: (revisions) => askEnvoy(join(folder, REVISION_SOCKET), revisions),
    validate: () => Promise.resolve(undefined),
    // Ten seconds pass in one.
    now: () => performance.now() * 10,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const files = envoyFiles();
  const served: Config[] = [];
  const bad = rejectedByEnvoy();
  await expect(deployment.apply(bad, (one) => served.push(one))).rejects.toThrow(
    'Envoy does not use the files of this configuration; its log says why',
  );
  expect(served).toEqual([bad, good]);
  expect(envoyFiles()).toEqual(files);
  await vi.waitUntil(() => deployment.state() === 'live', WAIT);
  deployment.close();
  expect((await rawRequest(gateway.port, { lines: ['GET / HTTP/1.1'], host: 'studio.test' })).status).toBe(401);
  expect(gateway.envoy.output()).toContain('Only unique values for domains are permitted');
});
