import { stringify } from 'yaml';
import type { Config } from '../config/schema.ts';
import { clusters } from './clusters.ts';
import { digestOf } from './digests.ts';
import { listener, redirectListener } from './listener.ts';
import { PRESETS, type Preset, type Rendering } from './rendering.ts';

const HEAD = `# Envoy's bootstrap, written by comfy-tenant envoy; change comfy-tenant.yaml and write it again.
# Start it with: envoy -c <this file> --reject-unknown-dynamic-fields
`;
const MAX_CONNECTIONS = 10_000;
/** Every text in quotes: Envoy reads YAML 1.1, in which `n` is false, `0x1F` a number and `~` nothing. */
const OPTIONS = {
  lineWidth: 0,
  aliasDuplicateObjects: false,
  defaultStringType: 'QUOTE_DOUBLE',
  defaultKeyType: 'PLAIN',
} as const;

function build(rendering: Rendering) {
  const { config, preset } = rendering;
  const connections = 'envoy.resource_monitors.global_downstream_max_connections';
  const type = 'envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig';
  const typed_config = {
    '@type': `type.googleapis.com/${type}`,
    max_active_downstream_connections: MAX_CONNECTIONS,
  };
  const { redirectFrom } = config.gateway;
  const redirects =
    preset === 'edge-tls' && redirectFrom !== undefined ? [redirectListener(config, redirectFrom)] : [];
  return {
    static_resources: { listeners: [listener(rendering), ...redirects], clusters: clusters(config) },
    overload_manager: { resource_monitors: [{ name: connections, typed_config }] },
    layered_runtime: {
      layers: [
        {
          name: 'comfy-tenant',
          // The patterns of user ids and headers are longer than Envoy's default allows.
          static_layer: { re2: { max_program_size: { error_level: 5000, warn_level: 5000 } } },
        },
      ],
    },
  };
}

/**
 * Envoy's bootstrap as an object. Its routes tell the service its digest, by which the service knows whether Envoy runs
 * what the configuration says now.
 */
export function bootstrap(config: Config, preset: Preset) {
  const digest = digestOf(build({ config, preset, digest: '' }));
  return build({ config, preset, digest });
}

/** The digests of all bootstraps that `comfy-tenant envoy` prints for a configuration. */
export function bootstrapDigests(config: Config): ReadonlySet<string> {
  const presets = PRESETS.filter((preset) => preset !== 'edge-tls' || config.gateway.tls !== undefined);
  return new Set(presets.map((preset) => digestOf(build({ config, preset, digest: '' }))));
}

/**
 * Renders Envoy's bootstrap from the configuration, so that domains, upstreams and mapped headers always agree.
 *
 * @throws Error when the preset needs what the configuration does not say
 */
export function renderBootstrap(config: Config, preset: Preset): string {
  return HEAD + stringify(bootstrap(config, preset), OPTIONS);
}
