import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { hash } from '@node-rs/bcrypt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerArguments, makeVolumes, readPod, type PodContainer, type Probe } from './pod.ts';
import { checkout, compose, docker, until } from './stack.ts';

const { spec, configMaps } = readPod('deploy/kubernetes/sidecar.yaml');
const SANDBOX = 'comfy-tenant-pod';
let address: string;

const nameOf = ({ name }: PodContainer): string => `${SANDBOX}-${name}`;

/** What the test's ComfyUI needs: it has a stand-in for torch, and the demo's nodes. */
function forTheTest({ name }: PodContainer): string[] {
  const nodes = `${join(checkout, 'plugin/demo/nodes')}:/data/custom_nodes/demo:ro`;
  return name === 'comfyui' ? ['--env', 'PYTHONPATH=/app/torch-stub', '--volume', nodes] : [];
}

function portOf({ ports = [] }: PodContainer, name: string): number {
  return ports.find((port) => port.name === name)?.containerPort ?? 0;
}

function connects(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: address, port, timeout: 2000 });
    const end = (open: boolean): void => {
      socket.destroy();
      done(open);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('timeout', () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}

/** As the kubelet does it: from outside of the pod, by its address, or inside the container. */
async function succeeds(probe: Probe, container: PodContainer): Promise<boolean> {
  if (probe.exec !== undefined) {
    try {
      docker('exec', nameOf(container), ...probe.exec.command);
      return true;
    } catch {
      return false;
    }
  }
  if (probe.tcpSocket !== undefined) return connects(portOf(container, probe.tcpSocket.port));
  const { path = '', port = '' } = probe.httpGet ?? {};
  const url = `http://${address}:${portOf(container, port)}${path}`;
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

beforeAll(async () => {
  compose(['build']);
  const users = { 'users.htpasswd': `alice:${await hash('correct horse battery', 10)}\n` };
  const files = new Map([...configMaps, ['comfy-tenant-users', users]]);
  const volumes = makeVolumes(spec, resolve('.test-output/compose/pod'), files);
  docker('network', 'create', SANDBOX);
  docker(
    'run',
    '--detach',
    '--init',
    '--name',
    SANDBOX,
    '--network',
    SANDBOX,
    '--entrypoint',
    'sleep',
    spec.initContainers[0]!.image,
    'infinity',
  );
  address = docker(
    'inspect',
    '--format',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    SANDBOX,
  ).trim();
  const where = { volumes, sandbox: SANDBOX };
  for (const one of spec.initContainers) docker('run', '--rm', ...dockerArguments(one, spec, where));
  for (const one of spec.containers)
    docker(
      'run',
      '--detach',
      '--restart',
      'always',
      ...forTheTest(one),
      ...dockerArguments(one, spec, where),
    );
});
afterAll(() => {
  for (const one of spec.containers) {
    console.log(docker('logs', '--tail', '25', nameOf(one)));
    docker('rm', '--force', nameOf(one));
  }
  docker('rm', '--force', SANDBOX);
  docker('network', 'rm', SANDBOX);
});

test.each(
  spec.containers
    .flatMap(
      (one) =>
        [
          ['startup', one, one.startupProbe],
          ['readiness', one, one.readinessProbe],
          ['liveness', one, one.livenessProbe],
        ] as const,
    )
    .filter(([, , probe]) => probe !== undefined),
)('the %s probe of $name succeeds from where the kubelet is', async (_, container, probe) => {
  await until(() => succeeds(probe!, container), 120);
});

test('verify proves isolation in the pod', () => {
  const output = docker(
    'exec',
    `${SANDBOX}-authz`,
    'node',
    '/app/dist/main.js',
    'verify',
    '--url',
    'http://127.0.0.1:8080',
  );
  expect(output).toContain('workflows');
  expect(output).toContain('No leaks found.');
});

test('the kernel confines each prompt in the pod', () => {
  const ask = "fetch('http://127.0.0.1:8188/_tenant/plugin').then(async (r) => console.log(await r.text()))";
  const state = docker('exec', `${SANDBOX}-authz`, 'node', '-e', ask);
  expect(state).toMatch(/"isolation": ?"kernel \(Landlock ABI [0-9]+\)"/);
});

test('a user of the Secret gets in by the address of the pod', async () => {
  const authorization = `Basic ${Buffer.from('alice:correct horse battery').toString('base64')}`;
  const response = await fetch(`http://${address}:8080/system_stats`, { headers: { authorization } });
  expect(response.status).toBe(200);
});

test('nothing but Envoy reaches ComfyUI: its port is closed outside of the pod', async () => {
  expect(await connects(8080)).toBe(true);
  expect(await connects(8188)).toBe(false);
});

test('ComfyUI has no private key, no user and no socket of the service', () => {
  const mounts = spec.containers
    .find(({ name }) => name === 'comfyui')!
    .volumeMounts.map(({ name, readOnly = false }) => [name, readOnly]);
  expect(mounts).toEqual([
    ['public', true],
    ['data', false],
    ['tmp', false],
  ]);
});
