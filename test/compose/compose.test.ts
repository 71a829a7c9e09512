import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout, compose, containers, docker, query, statusOf, until } from './stack.ts';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const SERVICES = ['authz', 'comfyui', 'envoy', 'prometheus'];
const ALICE = 'alice:correct horse battery';

function container(service: string) {
  const found = containers().find(({ Name }) => Name.includes(`_${service}_`));
  if (found === undefined) throw new Error(`no container of ${service}`);
  return found;
}

const isHealthy = (service: string) => container(service).State.Health?.Status === 'healthy';
const allHealthy = () => SERVICES.every(isHealthy);

beforeAll(async () => {
  compose(['build']);
  compose(['up', '-d']);
  await until(allHealthy, 180);
});
afterAll(() => {
  console.log(compose(['logs', '--tail', '25']));
  compose(['down', '--volumes', '--timeout', '5']);
});

test('verify proves isolation after `docker compose up`', () => {
  const output = compose(['run', '--rm', 'verify']);
  expect(output).toContain('workflows');
  expect(output).toContain('No leaks found.');
});

test('the first user is added without a change of any tracked file', async () => {
  expect(await statusOf('/system_stats', ALICE)).toBe(401);
  compose(['run', '--rm', '-T', 'authz', 'user', 'add', 'alice', '--password-stdin'], {
    input: 'correct horse battery\n',
  });
  await until(async () => (await statusOf('/system_stats', ALICE)) === 200, 10);
});

test.each(SERVICES)(
  '%s runs as uid 1000, read-only, without capabilities, with init and a health check',
  (service) => {
    const { Config, HostConfig, State } = container(service);
    expect(State.Health?.Status).toBe('healthy');
    expect(HostConfig).toMatchObject({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: null,
      SecurityOpt: ['no-new-privileges:true'],
      Init: true,
      RestartPolicy: { Name: 'unless-stopped' },
    });
    expect(Config.User).toBe('1000:1000');
    const pids = docker('top', container(service).Name.slice(1), '-eo', 'pid').trim().split('\n').slice(1);
    for (const pid of pids) {
      const status = readFileSync(`/proc/${pid.trim()}/status`, 'utf8');
      expect(/^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t')).toEqual(['1000', '1000', '1000', '1000']);
      expect(/^CapEff:\s+(.*)$/m.exec(status)?.[1]).toBe('0000000000000000');
      expect(/^CapBnd:\s+(.*)$/m.exec(status)?.[1]).toBe('0000000000000000');
      expect(/^NoNewPrivs:\s+(.*)$/m.exec(status)?.[1]).toBe('1');
    }
    expect(pids.length).toBeGreaterThan(0);
  },
);

test('ComfyUI has nothing of the service but its public folder, and cannot write there', () => {
  const mounts = container('comfyui').Mounts.filter(({ Destination }) => !Destination.startsWith('/data'));
  expect(mounts.map(({ Destination, RW }) => [Destination, RW])).toEqual([
    ['/var/lib/comfy-tenant/public', false],
  ]);
});

test('the public keys can be copied to an existing ComfyUI, as docs/operator.md says', () => {
  const command = /`docker cp \$\((docker compose ps -q authz)\):(\S+) \.`/.exec(
    readFileSync('docs/operator.md', 'utf8'),
  );
  const folder = mkdtempSync(join(tmpdir(), 'comfy-tenant-keys-'));
  try {
    docker('cp', `${compose(['ps', '-q', 'authz']).trim()}:${command?.[2] ?? ''}`, folder);
    const file = JSON.parse(readFileSync(join(folder, 'public/comfyui.json'), 'utf8')) as object;
    expect(file).toMatchObject({ audience: expect.stringMatching(/^comfyui-/) as string });
    expect(JSON.stringify(file)).not.toContain('"d"');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Whether each network of a container is internal: Docker then passes nothing to or from the outside. */
function internalNetworks(service: string): boolean[] {
  const networks = JSON.parse(
    docker('inspect', '--format', '{{json .NetworkSettings.Networks}}', container(service).Name.slice(1)),
  ) as object;
  return Object.keys(networks).map(
    (name) => docker('network', 'inspect', '--format', '{{.Internal}}', name).trim() === 'true',
  );
}

test('the kernel confines each prompt in the container', () => {
  const ask = "fetch('http://comfyui:8188/_tenant/plugin').then(async (r) => console.log(await r.text()))";
  const state = compose(['exec', '-T', 'authz', 'node', '-e', ask]);
  expect(state).toMatch(/"isolation": ?"kernel \(Landlock ABI [0-9]+\)"/);
});

test('ComfyUI reaches nothing outside, and the service does', () => {
  expect(internalNetworks('comfyui')).toEqual([true]);
  expect(internalNetworks('authz')).toContain(false);
});

test('Prometheus scrapes the service, and sees ComfyUI up', async () => {
  await until(async () => (await query('up{job="comfy-tenant"}')).join() === '1', 40);
  await until(async () => (await query('comfy_tenant_comfyui_up')).join() === '1', 40);
});

test('every query of the Grafana dashboard finds something, except about keys, which a user list has not', async () => {
  await statusOf('/system_stats', ALICE);
  const { panels } = JSON.parse(
    readFileSync(join(checkout, 'deploy/grafana/comfy-tenant.json'), 'utf8'),
  ) as Dashboard;
  const queries = panels
    .filter(({ title }) => !['Age of keys', 'Key fetches'].includes(title))
    .flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '2m')));
  for (const one of queries) await until(async () => (await query(one)).length > 0, 90);
});

test('a ComfyUI that stops is reported, stops quickly, and comes back', async () => {
  const began = Date.now();
  compose(['stop', 'comfyui']);
  expect(Date.now() - began).toBeLessThan(8000);
  await until(async () => (await query('comfy_tenant_comfyui_up')).join() === '0', 60);
  compose(['start', 'comfyui']);
  await until(allHealthy, 120);
  await until(async () => (await statusOf('/system_stats', ALICE)) === 200, 20);
});

test('users, keys and files outlive down and up', async () => {
  compose(['down', '--timeout', '5']);
  compose(['up', '-d']);
  await until(allHealthy, 180);
  await until(async () => (await statusOf('/system_stats', ALICE)) === 200, 20);
});

test('an upgrade of the image gives Envoy the new configuration', async () => {
  expect(await statusOf('/upgraded')).toBe(401);
  const source = join(checkout, 'src/envoy/stage.ts');
  const text = readFileSync(source, 'utf8');
  const changed = text.replace('return HEAD + ', "return '# of the upgraded image\\n' + HEAD + ");
  expect(changed).not.toBe(text);
  writeFileSync(source, changed);
  compose(['build', 'authz']);
  compose(['up', '-d']);
  await until(() => compose(['logs', 'envoy']).includes('changed: restarting Envoy'), 60);
  await until(allHealthy, 120);
  expect(compose(['exec', '-T', 'envoy', 'cat', '/run/envoy/envoy.yaml'])).toContain(
    '# of the upgraded image',
  );
  await until(async () => (await statusOf('/system_stats', ALICE)) === 200, 20);
});

test('a change of the configuration is live without a restart', async () => {
  const file = join(checkout, 'deploy/compose/config/comfy-tenant.yaml');
  const answer = '    publicPaths: [{ path: /hello, answer: { body: hello } }]\n';
  writeFileSync(file, readFileSync(file, 'utf8').replace('    auth:\n', `${answer}    auth:\n`));
  const deployed = compose(['exec', '-T', 'authz', 'node', '/app/dist/main.js', 'deploy', '--wait']);
  expect(deployed).toMatch(/^serving revision [0-9a-f]{12}: live in the service and in Envoy\n$/);
  expect(await statusOf('/hello')).toBe(200);
  expect(compose(['run', '--rm', 'verify'])).toContain('No leaks found.');
});

test('a bootstrap that Envoy rejects changes nothing', async () => {
  compose([
    'run',
    '--rm',
    '-T',
    '--entrypoint',
    'sh',
    'authz',
    '-c',
    'echo nonsense: true >/run/envoy/envoy.yaml',
  ]);
  await until(() => compose(['logs', 'envoy']).includes('Envoy rejected it'), 30);
  expect(await statusOf('/hello')).toBe(200);
});

test('the tracked files hold no user, and the gpu profile is a valid composition', () => {
  appendFileSync(join(checkout, '.env'), '');
  const gpu = compose(['--profile', 'gpu', 'config']);
  expect(gpu).toContain('comfyui-gpu');
  expect(readFileSync('deploy/compose/config/comfy-tenant.yaml', 'utf8')).not.toMatch(/\$2|\$argon|password/);
});
