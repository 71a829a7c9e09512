import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../src/commands/run-command.ts';
import { aDirectory, load } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'plugin/README.md',
  ...readdirSync(join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];
const HASH = '$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2';

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** Every configuration in a page, without the indentation of its block. */
function configurations(page: string): string[] {
  const fenced = /^( *)```yaml\n([\s\S]*?)^ *```$/gm;
  return [...read(page).matchAll(fenced)]
    .map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    .filter((text) => /^endpoints:/m.test(text));
}

const EXAMPLES = PAGES.flatMap((page) =>
  configurations(page).map((text, index) => [page, index + 1, text] as const),
);

test.each(EXAMPLES)('%s: configuration %i has no errors', (_, __, text) => {
  const directory = aDirectory();
  try {
    for (const [, name = ''] of text.matchAll(
      /(?:usersFile|certFile|keyFile|clientCaFile|clientCertFile|clientKeyFile|clientSecretFile): ([\w./-]+)/g,
    )) {
      mkdirSync(dirname(join(directory.path, name)), { recursive: true });
      const content = name.endsWith('.secret') ? 'secret\n' : '-----BEGIN CERTIFICATE-----\n';
      directory.write(name, name.endsWith('.htpasswd') ? `carol:${HASH}\n` : content);
    }
    expect(load(directory.write('comfy-tenant.yaml', text)).ok).toBe(true);
  } finally {
    directory.remove();
  }
});

test('the README has two configurations', () => {
  expect(EXAMPLES.filter(([page]) => page === 'README.md')).toHaveLength(2);
});

/** Every command in the pages, with the flags used there. */
const COMMANDS = PAGES.flatMap((page) =>
  [
    ...read(page).matchAll(/(?:npx |`|^ *)comfy-tenant ([a-z][a-z-]*)((?: +(?:[a-z][\w.-]*|--[a-z-]+))*)/gm),
  ].map(
    ([, name = '', rest = '']) =>
      [page, name, [...rest.matchAll(/--[a-z-]+/g)].map(([flag]) => flag)] as const,
  ),
).filter(
  ([, name]) => !['is', 'and', 'needs', 'does', 'keeps', 'gateway', 'plugin', 'demo', 'in'].includes(name),
);

async function helpOf(name: string): Promise<string> {
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const { stdin } = process;
  const signal = new AbortController().signal;
  const context = { args: ['--help'], env: {}, cwd: ROOT, out: write, err: write, stdin, signal };
  expect(await runCommand(name, context), `comfy-tenant ${name}`).toBe(0);
  return lines.join('\n');
}

test.each(COMMANDS)('%s: comfy-tenant %s exists, and --help lists %j', async (_, name, flags) => {
  const help = await helpOf(name);
  for (const flag of flags) expect(help).toContain(flag);
});

test.each(PAGES)('%s: every link points to an existing file', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link);
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
});

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(' ', '-');
}

test.each(PAGES)('%s: every link to a section points to an existing one', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)];
  const broken = links.filter(([, file = '', anchor = '']) => {
    const target = read(file === '' ? page : join(dirname(page), file));
    return ![...target.matchAll(/^#+ (.+)$/gm)].some(([, heading = '']) => anchorOf(heading) === anchor);
  });
  expect(broken.map(([link]) => link)).toEqual([]);
});

test.each([...sourceMentions()])('%s refers to an existing section of docs/operator.md', (_, section) => {
  expect(read('docs/operator.md')).toMatch(new RegExp(`^#+ ${section}$`, 'm'));
});

/** Sections of docs/operator.md that messages and comments refer to, as `"Section" in docs/operator.md`. */
function sourceMentions(): (readonly [string, string])[] {
  const files = ['src', 'plugin/comfyui_tenant'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|py)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  return ['plugin/README.md', 'CHANGELOG.md', ...files].flatMap((file) =>
    [...read(file).matchAll(/"([^"\n]+)" in docs\/operator\.md/g)].map(
      ([, section = '']) => [file, section] as const,
    ),
  );
}

test('every message that the troubleshooting table quotes exists', () => {
  const [, table = ''] = /^## Troubleshooting$([\s\S]*?)^## /m.exec(read('docs/operator.md')) ?? [];
  const quoted = [...table.matchAll(/"([^"\n]+)"/g)].map(([, text = '']) => text.replaceAll(/^… | …$/g, ''));
  const source = ['src', 'plugin'].map(textOf).join('\n');
  expect(quoted.length).toBeGreaterThan(2);
  expect(quoted.filter((text) => !source.includes(text))).toEqual([]);
});

/** The text of every source file of a folder that is not a test. */
function textOf(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.test)\.(?:ts|py)$/.test(name) && !/node_modules|^tests\//.test(name))
    .map((name) => read(`${folder}/${name}`))
    .join('\n');
}
