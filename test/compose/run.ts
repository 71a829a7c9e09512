import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { ensureComfyui } from '../../src/install/ensure-comfyui.ts';
import { ensureEnvoy } from '../../src/install/ensure-envoy.ts';
import { freePort } from '../../src/stack/ports.ts';
import { runVitest } from '../run-vitest.ts';
import { copyCheckout } from './checkout.ts';
import { startDocker } from './docker.ts';
import { buildStandIns } from './stand-ins.ts';

/**
 * `npm run test:compose`: starts a Docker daemon, builds what an image registry would give, and tests the compositions
 * in `docker-compose.yml` and `deploy/kubernetes` by running them. Closes with one line that counts the tests.
 */
const FOLDER = resolve('.test-output/compose');

async function testCompositions(): Promise<{ passed: number; failed: number }> {
  const report = (note: string): void => {
    console.log(`  ${note}`);
  };
  const seeks = { env: process.env, toolsFolder: '.tools', report };
  const { path: envoy } = await ensureEnvoy(seeks);
  const { app } = await ensureComfyui(seeks);
  mkdirSync(FOLDER, { recursive: true });
  const docker = await startDocker(FOLDER);
  try {
    report('building stand-ins for the official images');
    buildStandIns(FOLDER, envoy, docker.env);
    const env = {
      ...docker.env,
      CHECKOUT: copyCheckout(FOLDER, app),
      COMPOSE_PROJECT_NAME: 'comfy-tenant-test',
      GATEWAY_PORT: String(await freePort()),
      PROMETHEUS_PORT: String(await freePort()),
    };
    return runVitest(['--config', 'test/compose/vitest.config.ts'], {
      report: '.test-output/compose.json',
      env,
    });
  } finally {
    await docker.stop();
  }
}

let counts = { passed: 0, failed: 1 };
try {
  counts = await testCompositions();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
