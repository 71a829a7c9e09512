import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { bootstrap, renderBootstrap } from '../../src/envoy/render.ts';
import { PRESETS, type Preset } from '../../src/envoy/rendering.ts';
import { parse, parseDocument, visit } from 'yaml';
import { aDirectory, load } from '../support/temp-dir.ts';
import { writeCertificate } from './a-certificate.ts';
import { envoyBinary } from './run-envoy.ts';

const FOLDER = join(import.meta.dirname, '../../envoy');
/** Where the example's files are in the image. */
const INSTALLED = '/etc/comfy-tenant';

let directory: ReturnType<typeof aDirectory>;
beforeAll(() => {
  directory = aDirectory();
  writeCertificate(directory.path);
  directory.write('users.htpasswd', 'alice:$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2\n');
});
afterAll(() => {
  directory.remove();
});

function example(preset: Preset) {
  const name = `${preset === 'edge-tls' ? preset : 'gateway'}.comfy-tenant.yaml`;
  const text = readFileSync(join(FOLDER, name), 'utf8');
  return load(directory.write(name, text.replaceAll(INSTALLED, directory.path))).config;
}

/** The same as if its files were in the image: the digest in the bootstrap covers their paths. */
function installed(config: Config): Config {
  const moved = JSON.stringify(config).replaceAll(directory.path, INSTALLED);
  return { ...(JSON.parse(moved) as Config), users: config.users, keySets: config.keySets };
}

test.each(PRESETS)('envoy/%s.yaml is what the example gives; UPDATE=1 writes it', (preset) => {
  const file = join(FOLDER, `${preset}.yaml`);
  const rendered = renderBootstrap(installed(example(preset)), preset);
  if (process.env['UPDATE'] === '1') writeFileSync(file, rendered);
  expect(readFileSync(file, 'utf8')).toBe(rendered);
});

test.each(PRESETS)('the real Envoy takes the preset %s', async (preset) => {
  const file = directory.write(`${preset}.yaml`, renderBootstrap(example(preset), preset));
  const output = execFileSync(await envoyBinary(), ['--mode', 'validate', '-c', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(output).toContain('OK');
});

test('the real Envoy takes ComfyUIs behind TLS, by name and by address', async () => {
  const config = example('gateway');
  const [endpoint] = config.endpoints;
  if (endpoint !== undefined) endpoint.upstream = ['https://a.example.com', 'https://[::1]:8443'];
  const rendered = renderBootstrap(config, 'gateway');
  expect(rendered).toMatch(/san_type: "DNS"\n +matcher:\n +exact: "a.example.com"/);
  expect(rendered).toMatch(/san_type: "IP_ADDRESS"\n +matcher:\n +exact: "::1"/);
  const file = directory.write('tls-upstream.yaml', rendered);
  execFileSync(await envoyBinary(), ['--mode', 'validate', '-c', file], { stdio: 'ignore' });
});

/** What YAML 1.1, or Envoy's parser of it, reads as something else than text. */
const ODD = [
  'n',
  'y',
  'no',
  'yes',
  'on',
  'off',
  'true',
  'false',
  'null',
  '1',
  '12',
  '017',
  '0x1f',
  '0o17',
  '0b1',
  '1e3',
  '1e400',
  '2001-01-01',
  '08',
];
const ODD_HOSTS = ['N', 'Yes', 'NULL', '0X1F', '1.5', '1.e3', '10.20', '127.0.0.1', 'x', 'e1'];
const ODD_HEADERS = [
  '~',
  'N',
  'on',
  '1e3',
  '0X1F',
  '1',
  '.5',
  '+1',
  '-1',
  '!x',
  '%x',
  '&a',
  '*a',
  '`',
  '|',
  '#a',
];
const ODD_BODIES = [
  'n',
  '~',
  'null',
  '',
  ' ',
  '12',
  '1:30',
  '1_000',
  '.inf',
  '=',
  '<<',
  '- a',
  'a: b',
  '# a',
  '"a"',
  "'a'",
  '{a}',
  '[a]',
  '\ttab',
  'two\nlines',
  '%a',
  '@a',
  '!!int 1',
  '\u00e4',
  '\u0085',
];

function oddConfig(): string {
  const issuer = '{ issuer: "https://login.example.com", audience: x, jwks: { discover: true } }';
  const claims = ODD_HEADERS.map((name) => `{ location: HEADER, name: ${JSON.stringify(name)}, claim: c }`);
  const lookups = ['n', '~', '1', '.5'].map((name) => `{ location: QUERY, name: ${JSON.stringify(name)} }`);
  const paths = ODD_BODIES.map(
    (body, index) => `{ path: /p${index}, answer: { body: ${JSON.stringify(body)} } }`,
  );
  const endpoints = ODD.map(
    (name, index) => `
  - name: ${JSON.stringify(name)}
    domains: [${JSON.stringify(ODD_HOSTS[index] ?? `h${index}.test`)}]
    upstream: http://${index === 0 ? 'n' : '127.0.0.1'}:8188
    multiTenant: false
    publicPaths: [${paths.join(', ')}]
    auth: { method: JWT, issuers: [${issuer}], tokenLookup: [${lookups.join(', ')}], claimTransformations: [${claims.join(', ')}] }`,
  );
  return `sameUsers: true\nendpoints:${endpoints.join('')}\nservice: { listen: "127.0.0.1:9001", address: "n:9001" }\n`;
}

test('whatever names are like numbers, switches or nothing, Envoy reads them as text', async () => {
  const { config } = load(directory.write('odd.comfy-tenant.yaml', oddConfig()));
  const rendered = renderBootstrap(config, 'gateway');
  const unquoted: unknown[] = [];
  visit(parseDocument(rendered), {
    Scalar(key, node) {
      if (key !== 'key' && typeof node.value === 'string' && node.type !== 'QUOTE_DOUBLE')
        unquoted.push(node.value);
    },
  });
  expect(unquoted).toEqual([]);
  for (const version of ['1.1', '1.2'] as const)
    expect(parse(rendered, { version })).toEqual(bootstrap(config, 'gateway'));
  const file = directory.write('odd.yaml', rendered);
  const run = spawnSync(await envoyBinary(), ['--mode', 'validate', '-c', file], { encoding: 'utf8' });
  expect(run.status, run.stderr.slice(0, 2000)).toBe(0);
});

test('edge-tls without a certificate is an error', () => {
  expect(() => renderBootstrap(example('gateway'), 'edge-tls')).toThrow(
    'gateway.tls: the edge-tls preset needs certFile and keyFile',
  );
});
