import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

interface SecurityContext {
  readonly allowPrivilegeEscalation: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly capabilities: { readonly drop: readonly string[] };
}

export interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: SecurityContext;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly ports?: readonly { readonly containerPort: number; readonly name: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
  readonly tcpSocket?: { readonly port: string };
  readonly exec?: { readonly command: readonly string[] };
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
}

export interface PodSpec {
  readonly securityContext: {
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly fsGroup: number;
  };
  readonly initContainers: readonly PodContainer[];
  readonly containers: readonly PodContainer[];
  readonly volumes: readonly Volume[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec: PodSpec } };
}

/** The manifests of a file. */
function manifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8'), { merge: true }).map(
    (document) => document.toJS() as Manifest,
  );
}

/** The pod of the file's deployment, and its config maps by name. */
export function readPod(file: string): {
  spec: PodSpec;
  configMaps: Map<string, Readonly<Record<string, string>>>;
} {
  const all = manifests(file);
  const spec = all.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec;
  if (spec === undefined) throw new Error(`${file} has no Deployment`);
  const maps = all
    .filter(({ kind }) => kind === 'ConfigMap')
    .map(({ metadata, data = {} }) => [metadata.name, data] as const);
  return { spec, configMaps: new Map(maps) };
}

/**
 * Makes the volumes as the kubelet does: owned by root, and of the group `fsGroup`, which may write where nothing is
 * mounted read-only. Returns their folders by name.
 *
 * @param files of config maps and secrets, by the name of the object
 */
export function makeVolumes(
  { volumes, securityContext: { fsGroup } }: PodSpec,
  folder: string,
  files: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Map<string, string> {
  rmSync(folder, { recursive: true, force: true });
  return new Map(
    volumes.map(({ name, configMap, secret }) => {
      const path = join(folder, name);
      mkdirSync(path, { recursive: true });
      for (const [file, text] of Object.entries(
        files.get(configMap?.name ?? secret?.secretName ?? '') ?? {},
      )) {
        writeFileSync(join(path, file), text);
        chownSync(join(path, file), 0, fsGroup);
        chmodSync(join(path, file), secret === undefined ? 0o644 : 0o440);
      }
      chownSync(path, 0, fsGroup);
      chmodSync(path, 0o2775);
      return [name, path];
    }),
  );
}

/** What `docker run` needs to run a container of the pod as the kubelet would; all share the network of `sandbox`. */
export function dockerArguments(
  container: PodContainer,
  { securityContext: { runAsUser, runAsGroup, fsGroup } }: PodSpec,
  { volumes, sandbox }: { volumes: ReadonlyMap<string, string>; sandbox: string },
): string[] {
  const { name, image, command, args = [], env = [], securityContext, volumeMounts } = container;
  const [entrypoint, ...first] = command ?? [];
  return [
    ...['--name', `${sandbox}-${name}`, '--network', `container:${sandbox}`],
    ...['--user', `${runAsUser}:${runAsGroup}`, '--group-add', String(fsGroup)],
    ...(securityContext.readOnlyRootFilesystem ? ['--read-only'] : []),
    ...(securityContext.allowPrivilegeEscalation ? [] : ['--security-opt', 'no-new-privileges']),
    ...securityContext.capabilities.drop.flatMap((capability) => ['--cap-drop', capability]),
    ...env.flatMap((one) => ['--env', `${one.name}=${one.value}`]),
    ...volumeMounts.flatMap((mount) => [
      '--volume',
      `${volumes.get(mount.name) ?? ''}:${mount.mountPath}${mount.readOnly === true ? ':ro' : ''}`,
    ]),
    ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
    image,
    ...first,
    ...args,
  ];
}
