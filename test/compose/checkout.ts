import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { FRONTEND_WHEEL, REQUIREMENTS } from '../../src/install/comfyui-recipe.ts';

const COPIED = [
  '.dockerignore',
  '.env',
  'Dockerfile',
  'comfy-tenant.schema.json',
  'deploy',
  'docker-compose.yml',
  'package-lock.json',
  'package.json',
  'plugin',
  'proto',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];

/** What an operator here would put beside docker-compose.yml: ComfyUI from this folder, with the demo's stand-in for torch. */
const OVERRIDE = {
  services: {
    comfyui: {
      build: { args: { COMFYUI_SOURCE: 'context', TORCH: '' } },
      environment: { PYTHONPATH: '/app/torch-stub' },
      volumes: ['./plugin/demo/nodes:/data/custom_nodes/demo:ro'],
    },
  },
};

/**
 * A copy of the checkout, in which tests may change files.
 *
 * @param comfyui the folder of the ComfyUI that the demo runs
 */
export function copyCheckout(folder: string, comfyui: string): string {
  const checkout = join(folder, 'checkout');
  rmSync(checkout, { recursive: true, force: true });
  mkdirSync(checkout, { recursive: true });
  for (const name of COPIED) cpSync(name, join(checkout, name), { recursive: true });
  const source = join(checkout, 'comfyui');
  cpSync(comfyui, source, { recursive: true });
  cpSync('plugin/demo/torch-stub', join(source, 'torch-stub'), { recursive: true });
  const frontend = `${FRONTEND_WHEEL.requirement} --hash=sha256:${FRONTEND_WHEEL.sha256}`;
  writeFileSync(join(source, 'requirements.txt'), `${readFileSync(REQUIREMENTS, 'utf8')}\n${frontend}\n`);
  writeFileSync(join(checkout, 'docker-compose.override.yml'), stringify(OVERRIDE));
  return checkout;
}
