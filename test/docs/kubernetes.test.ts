import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { renderBootstrap } from '../../src/envoy/render.ts';
import { aDirectory } from '../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILE = join(ROOT, 'deploy/kubernetes/sidecar.yaml');

interface Container {
  name: string;
  args?: string[];
  ports?: { containerPort: number; name: string; hostPort?: number }[];
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; readOnly?: boolean }[];
  [probe: `${string}Probe`]:
    { httpGet?: { host?: string }; tcpSocket?: { host?: string }; exec?: object } | undefined;
}

interface Pod {
  securityContext: Record<string, unknown>;
  initContainers: Container[];
  containers: Container[];
  volumes: Record<string, unknown>[];
  [host: `host${string}`]: unknown;
}

const documents = parseAllDocuments(readFileSync(FILE, 'utf8'), { merge: true });
const objects = documents.map(
  (document) =>
    document.toJS() as { kind: string; data?: Record<string, string>; spec?: { template?: { spec: Pod } } },
);
const pod = objects.find(({ kind }) => kind === 'Deployment')!.spec!.template!.spec;
const containers = [...pod.initContainers, ...pod.containers];

test('the manifest is valid for Kubernetes 1.36, without unknown fields', () => {
  const tool = join(ROOT, '.tools/kubernetes-validate-1.37');
  const { stdout, stderr, status } = spawnSync(
    join(ROOT, '.tools/comfyui-0.3.75/venv/bin/python'),
    [join(tool, 'bin/kubernetes-validate'), '-k', '1.36', '--strict', FILE],
    { encoding: 'utf8', env: { ...process.env, PYTHONPATH: tool } },
  );
  expect(`${stdout}${stderr}`).not.toMatch(/ERROR|not valid/i);
  expect(status).toBe(0);
});

test('the pod meets the Pod Security Standard "restricted"', () => {
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 1000,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) expect(pod[name]).toBeUndefined();
  const allowed = [
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
  ];
  for (const volume of pod.volumes)
    expect(Object.keys(volume).filter((key) => key !== 'name' && !allowed.includes(key))).toEqual([]);
});

test.each(containers)('container $name cannot gain privileges', ({ securityContext, ports = [] }) => {
  expect(securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(ports.filter(({ hostPort }) => hostPort !== undefined)).toEqual([]);
});

test.each(pod.containers)(
  'the kubelet can reach the probes of $name: on the pod IP, or inside the container',
  (container) => {
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe].filter(
      (probe) => probe !== undefined,
    );
    expect(probes.length).toBeGreaterThan(0);
    for (const { httpGet, tcpSocket } of probes)
      expect([httpGet?.host, tcpSocket?.host]).toEqual([undefined, undefined]);
  },
);

test('users are in a Secret, and ComfyUI mounts neither the Secret nor a private key or socket', () => {
  expect(pod.volumes).toContainEqual(
    expect.objectContaining({ name: 'users', secret: expect.anything() as unknown }),
  );
  const comfyui = pod.containers.find(({ name }) => name === 'comfyui')!;
  expect(comfyui.volumeMounts.map(({ name }) => name)).toEqual(['public', 'data', 'tmp']);
  expect(comfyui.volumeMounts[0]?.readOnly).toBe(true);
  expect(comfyui.args?.slice(0, 2)).toEqual(['--listen', '127.0.0.1']);
});

test('its configuration has no errors and no passwords, and Envoy listens where the kubelet probes', () => {
  const text = objects.find(({ kind }) => kind === 'ConfigMap')?.data?.['comfy-tenant.yaml'] ?? '';
  expect(text).not.toMatch(/password|\$2[aby]\$|\$argon2/);
  const directory = aDirectory();
  const users = directory.write('users.htpasswd', '');
  const loaded = loadConfig(
    directory.write('comfy-tenant.yaml', text.replace('/etc/comfy-tenant-users/users.htpasswd', users)),
    {},
  );
  directory.remove();
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  expect(renderBootstrap(loaded.config, 'sidecar')).toContain('address: "0.0.0.0"');
  expect(loaded.config.admin.listen).toEqual({ host: '0.0.0.0', port: 9002 });
});
