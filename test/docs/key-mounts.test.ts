import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface Mount {
  readonly volume: string;
  readonly target: string;
}

function composeMount(volume: string | { source: string; target: string }): Mount {
  if (typeof volume !== 'string') return { volume: volume.source, target: volume.target };
  // `${NAME:-./default}:/target`, or `name:/target:ro`.
  const [, name = '', target = ''] = /^(\$\{[^}]*\}|[^:]*):([^:]*)/.exec(volume) ?? [];
  return { volume: name, target };
}

/** The volume that contains a file, according to the container's mounts. */
function volumeOf(file: string, mounts: readonly Mount[]): string {
  const found = mounts.find(({ target }) => `${file}/`.startsWith(`${target}/`));
  if (found === undefined) throw new Error(`${file} is in no volume`);
  return found.volume;
}

interface Comfyui {
  tokenKeyFile: string;
  verifyKeyFile: string;
  publicKeyDir: string;
}

/** ComfyUI mounts the public keys, and no volume with a private key or the configuration. */
function expectPublicKeysOnly({ tokenKeyFile, verifyKeyFile, publicKeyDir }: Comfyui, mounts: Mounts): void {
  const volumes = mounts.comfyui.map(({ volume }) => volume);
  for (const file of [tokenKeyFile, verifyKeyFile, '/etc/comfy-tenant'])
    expect(volumes).not.toContain(volumeOf(file, mounts.authz));
  expect(volumeOf(mounts.keyFile, mounts.comfyui)).toBe(volumeOf(publicKeyDir, mounts.authz));
  expect(mounts.comfyui.map(({ target }) => target)).toContain(dirname(mounts.keyFile));
}

interface Mounts {
  readonly authz: readonly Mount[];
  readonly comfyui: readonly Mount[];
  /** The value of `COMFY_TENANT_KEY_FILE`. */
  readonly keyFile: string;
}

test('in docker-compose.yml, ComfyUI mounts public keys only', () => {
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { volumes: string[]; environment?: Record<string, string> }>;
  };
  const mountsOf = (name: string): Mount[] => services[name]?.volumes.map(composeMount) ?? [];
  const { comfyui } = parse(read('deploy/compose/config/comfy-tenant.yaml')) as { comfyui: Comfyui };
  expectPublicKeysOnly(comfyui, {
    authz: mountsOf('authz'),
    comfyui: mountsOf('comfyui'),
    keyFile: services['comfyui']?.environment?.['COMFY_TENANT_KEY_FILE'] ?? '',
  });
});

interface Manifest {
  kind: string;
  data?: Record<string, string>;
  spec?: { template: { spec: { containers: Container[] } } };
}

interface Container {
  name: string;
  env?: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
}

function manifest(kind: string): Manifest {
  const documents = parseAllDocuments(read('deploy/kubernetes/sidecar.yaml'));
  const all = documents.map((document) => document.toJS({ merge: true }) as Manifest);
  return all.find((one) => one.kind === kind)!;
}

test('in the Kubernetes pod, ComfyUI mounts public keys only', () => {
  const containers = manifest('Deployment').spec?.template.spec.containers ?? [];
  const containerOf = (name: string): Container | undefined =>
    containers.find((container) => container.name === name);
  const mountsOf = (name: string): Mount[] =>
    containerOf(name)?.volumeMounts.map((one) => ({ volume: one.name, target: one.mountPath })) ?? [];
  const { comfyui } = parse(manifest('ConfigMap').data?.['comfy-tenant.yaml'] ?? '') as { comfyui: Comfyui };
  const env = containerOf('comfyui')?.env?.find(({ name }) => name === 'COMFY_TENANT_KEY_FILE');
  expectPublicKeysOnly(comfyui, {
    authz: mountsOf('authz'),
    comfyui: mountsOf('comfyui'),
    keyFile: env?.value ?? '',
  });
});
