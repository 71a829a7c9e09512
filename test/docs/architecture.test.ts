import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PLUGIN = 'plugin/comfyui_tenant';
const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');

/** The names in backquotes that are file names, with the folder of the first one in their cell. */
function namedFiles(): string[] {
  return text.split('|').flatMap((cell) => {
    let folder = '';
    return [...cell.matchAll(/`([\w./-]+\.(?:ts|py))`/g)].map(([, name = '']) => {
      if (name.includes('/')) folder = name.slice(0, name.lastIndexOf('/') + 1);
      return name.includes('/') ? name : `${folder}${name}`;
    });
  });
}

/** Names without a folder of their own. */
const PLACES: Readonly<Record<string, string>> = {
  'main.ts': 'src/main.ts',
  'prestartup_script.py': 'plugin/prestartup_script.py',
  '__init__.py': 'plugin/__init__.py',
  'install.py': `${PLUGIN}/install.py`,
  'hooks.py': `${PLUGIN}/hooks.py`,
  'denials.py': `${PLUGIN}/denials.py`,
};

test('every file that ARCHITECTURE.md names exists', () => {
  const files = namedFiles();
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter((file) => !existsSync(join(ROOT, PLACES[file] ?? file)))).toEqual([]);
});

test('every folder of src is described', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((one) => one.isDirectory());
  const table = text.slice(text.indexOf('## src/'), text.indexOf(`## ${PLUGIN}/`));
  expect(folders.map(({ name }) => name).filter((name) => !table.includes(`\`${name}\``))).toEqual([]);
});

test('every module of the plugin that is listed exists', () => {
  const table = text.slice(text.indexOf('| area | modules |'));
  const modules = [...table.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name);
  expect(modules.length).toBeGreaterThan(30);
  expect(modules.filter((name) => !existsSync(join(ROOT, PLUGIN, `${name}.py`)))).toEqual([]);
});
