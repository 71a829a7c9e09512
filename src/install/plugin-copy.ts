import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { PACKAGE_ROOT, packageVersion } from './package-root.ts';

const SOURCE = join(PACKAGE_ROOT, 'plugin');
export const FOLDER = 'comfy-tenant';
const MANIFEST = '.installed.json';
/** ComfyUI loads no folder with this ending. */
const UNFINISHED = `.${FOLDER}.disabled`;
const PREVIOUS = `.${FOLDER}-previous.disabled`;
/** What the plugin needs; its tests, benchmarks and demo are left out. */
const PARTS = [
  ...['LICENSE', 'README.md', '__init__.py', 'prestartup_script.py', 'pyproject.toml', 'requirements.txt'],
  ...['comfyui_tenant', 'web'],
];

/** Why a ComfyUI's folder of node packs is left as it is. */
export class PluginCopyFault extends Error {}

interface Manifest {
  readonly version: string;
  /** Relative path → SHA-256, in hexadecimal. */
  readonly files: Readonly<Record<string, string>>;
}

function digests(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => name !== MANIFEST && !name.split(sep).includes('__pycache__'));
  return Object.fromEntries(
    names.toSorted().map((name) => [
      name.replaceAll(sep, '/'),
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  );
}

/** What was installed there; undefined if it was not installed by this program. */
function manifestOf(folder: string): Manifest | undefined {
  try {
    const found = JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8')) as Partial<Manifest> | null;
    return typeof found?.version === 'string' && typeof found.files === 'object'
      ? (found as Manifest)
      : undefined;
  } catch {
    return undefined;
  }
}

/** @returns the folder of node packs @throws PluginCopyFault */
export function customNodesOf(comfyui: string): string {
  const folder = join(comfyui, 'custom_nodes');
  if (existsSync(folder)) return realpathSync(folder);
  throw new PluginCopyFault(
    `${comfyui} has no folder custom_nodes: name the folder of ComfyUI, or the one that ComfyUI gets as --base-directory`,
  );
}

/** ComfyUI does not start with two copies. */
function refuseSecondCopy(customNodes: string): void {
  for (const name of readdirSync(customNodes)) {
    if (name === FOLDER || name === UNFINISHED || name.endsWith('.disabled')) continue;
    const folder = join(customNodes, name);
    if (existsSync(join(folder, 'comfyui_tenant', '__init__.py')))
      throw new PluginCopyFault(`${folder} is another copy of the plugin: remove it first`);
  }
}

/** Files that were added, changed or removed since the installation. */
function changesIn(folder: string, { files }: Manifest): string[] {
  const now = digests(folder);
  return [...new Set([...Object.keys(files), ...Object.keys(now)])].filter(
    (name) => files[name] !== now[name],
  );
}

function ownCopy(customNodes: string): string | undefined {
  const folder = join(customNodes, FOLDER);
  if (!existsSync(folder)) return undefined;
  const manifest = manifestOf(folder);
  if (manifest === undefined)
    throw new PluginCopyFault(`${folder} was not made by "comfy-tenant plugin install": move it away first`);
  const changed = changesIn(folder, manifest);
  if (changed.length > 0)
    throw new PluginCopyFault(
      `${folder} contains files that were changed or added since the installation, such as ${changed.slice(0, 3).join(', ')}: move them away first`,
    );
  return manifest.version;
}

/** What an installation would do. @throws PluginCopyFault */
export function planInstall(customNodes: string): { readonly replaces: string | undefined } {
  refuseSecondCopy(customNodes);
  return { replaces: ownCopy(customNodes) };
}

/** Two renames, since ComfyUI must not start while only part of the plugin is there; the old one returns if the second fails. */
function replaceFolder(folder: string, { by, previous }: { by: string; previous: string }): void {
  rmSync(previous, { recursive: true, force: true });
  const replaces = existsSync(folder);
  if (replaces) renameSync(folder, previous);
  try {
    renameSync(by, folder);
  } catch (error) {
    if (replaces) renameSync(previous, folder);
    throw error;
  }
  rmSync(previous, { recursive: true, force: true });
}

/** Copies the plugin; replaces an earlier copy at once. @throws PluginCopyFault; a system error if the disk refuses */
export function installCopy(customNodes: string): void {
  planInstall(customNodes);
  const [folder, unfinished] = [join(customNodes, FOLDER), join(customNodes, UNFINISHED)];
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const filter = (path: string): boolean => !/(^|[/\\])(__pycache__|\.[a-z]+_cache)$/.test(path);
    for (const part of PARTS) cpSync(join(SOURCE, part), join(unfinished, part), { recursive: true, filter });
    const manifest: Manifest = { version: packageVersion(), files: digests(unfinished) };
    writeFileSync(join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    replaceFolder(folder, { by: unfinished, previous: join(customNodes, PREVIOUS) });
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what `installCopy` made. @returns its version; undefined if there is none @throws PluginCopyFault */
export function removeCopy(customNodes: string): string | undefined {
  const version = ownCopy(customNodes);
  if (version !== undefined) rmSync(join(customNodes, FOLDER), { recursive: true });
  return version;
}
