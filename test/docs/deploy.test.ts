import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from '../../src/admin/metrics.ts';
import { loadConfig } from '../../src/config/load.ts';
import { renderBootstrap } from '../../src/envoy/render.ts';
import { aDirectory } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('promtool accepts the configuration and the alerts', () => {
  const output = execFileSync(
    'promtool',
    ['check', 'config', join(ROOT, 'deploy/prometheus/prometheus.yml')],
    {
      encoding: 'utf8',
    },
  );
  expect(output).toContain('SUCCESS');
});

test('every metric used in an alert exists', async () => {
  const { registry } = createMetrics();
  const text = await registry.metrics();
  const named = [...read('deploy/prometheus/alerts.yml').matchAll(/comfy_tenant_[a-z_]+/g)].map(
    ([name]) => name,
  );
  expect(named.length).toBeGreaterThan(4);
  for (const name of named) expect(text).toContain(name.replace(/_bucket$/, ''));
});

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

test('every query of the dashboard is valid, and every metric in it exists', async () => {
  const text = await createMetrics().registry.metrics();
  const { panels } = JSON.parse(read('deploy/grafana/comfy-tenant.json')) as Dashboard;
  expect(panels.length).toBeGreaterThan(15);
  const queries = panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
  );
  const rules = queries.map(
    (expr, at) => `      - record: query${at}\n        expr: ${JSON.stringify(expr)}\n`,
  );
  const directory = aDirectory();
  const file = directory.write('rules.yml', `groups:\n  - name: dashboard\n    rules:\n${rules.join('')}`);
  expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS');
  directory.remove();
  const named = queries.join(' ').match(/\b(comfy_tenant|process)_[a-z_]+/g) ?? [];
  for (const name of named) expect(text).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `);
});

test('each alert fires when it should, and none fires when everything works', () => {
  const output = execFileSync(
    'promtool',
    ['test', 'rules', join(ROOT, 'deploy/prometheus/alerts.test.yml')],
    {
      encoding: 'utf8',
    },
  );
  expect(output).toContain('SUCCESS');
});

test('alerts.test.yml makes every alert fire', () => {
  const names = (file: string, key: RegExp) => [...read(file).matchAll(key)].map(([, name]) => name);
  const fired = names('deploy/prometheus/alerts.test.yml', /alertname: (\w+)\n +exp_alerts/g);
  expect(
    names('deploy/prometheus/alerts.yml', /- alert: (\w+)/g).filter((name) => !fired.includes(name)),
  ).toEqual([]);
});

test('the counter of rejected changes starts at zero, so the first rejection is an increase', async () => {
  const text = await createMetrics().registry.metrics();
  expect(text).toContain('comfy_tenant_config_reloads_total{result="rejected"} 0');
});

test.each([
  ['Dockerfile', /^COPY (?!--from)(.+) \S+$/gm],
  ['deploy/comfyui/Dockerfile', /^COPY (?!--from|\$)(.+) \S+$/gm],
])('%s copies only files that exist and that .dockerignore does not exclude', (file, copies) => {
  const sources = [...read(file).matchAll(copies)].flatMap(([, names = '']) => names.split(' '));
  const ignored = read('.dockerignore').trim().split('\n');
  expect(sources.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  expect(sources.filter((name) => ignored.includes(name.split('/')[0] ?? ''))).toEqual([]);
  expect(sources.length).toBeGreaterThan(0);
});

interface Composition {
  services: Record<
    string,
    {
      user?: string;
      read_only?: boolean;
      cap_drop?: string[];
      security_opt?: string[];
      init?: boolean;
      restart?: string;
      privileged?: boolean;
      volumes?: string[];
      networks?: string[] | Record<string, unknown>;
      environment?: Record<string, string>;
    }
  >;
}

const { services } = parse(read('docker-compose.yml'), { merge: true }) as Composition;

test('docker-compose.yml mounts only files that exist', () => {
  const mounts = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.replace(/^\$\{\w+:-(.*?)\}/, '$1').split(':')[0] ?? ''),
  );
  const here = mounts.filter((mount) => mount.startsWith('./') && mount !== './models');
  expect(here.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test.each(Object.entries(services))(
  '%s in docker-compose.yml has no unnecessary privileges',
  (_, service) => {
    expect(service).toMatchObject({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      init: true,
    });
    expect(service.privileged).toBeUndefined();
  },
);

test.each(['comfyui', 'comfyui-gpu'])(
  '%s is only on the network shared with Envoy and mounts only the public keys',
  (name) => {
    const { networks, volumes = [] } = services[name] ?? {};
    expect(Object.keys(networks ?? {})).toEqual(['comfyui']);
    expect(volumes.filter((volume) => volume.includes('/comfy-tenant'))).toEqual([
      'public:/var/lib/comfy-tenant/public:ro',
    ]);
  },
);

test("the configuration for docker-compose.yml has no errors, and Envoy's bootstrap can be rendered from it", () => {
  const directory = aDirectory();
  const users = directory.write('users.htpasswd', '');
  const text = read('deploy/compose/config/comfy-tenant.yaml').replace(
    /usersFile: .*/,
    `usersFile: ${users}`,
  );
  const loaded = loadConfig(directory.write('comfy-tenant.yaml', text), {
    COMFYUI_URL: 'http://comfyui:8188',
  });
  directory.remove();
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  expect(renderBootstrap(loaded.config, 'gateway')).toContain('address: "comfyui"');
});

test('no users file is tracked in deploy/', () => {
  const tracked = execFileSync('git', ['ls-files', 'deploy'], { cwd: ROOT, encoding: 'utf8' });
  expect(tracked).not.toContain('htpasswd');
});
