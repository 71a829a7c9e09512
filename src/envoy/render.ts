import { stringify } from 'yaml';
import type { Config } from '../config/schema.ts';
import { clusters } from './clusters.ts';
import { listener, redirectListener } from './listener.ts';

export const PRESETS = ['gateway', 'sidecar', 'edge-tls'] as const;

/** gateway: in front of any number of ComfyUIs; sidecar: beside one, in its pod; edge-tls: a gateway with TLS. */
export type Preset = (typeof PRESETS)[number];

const HEAD = `# Envoy's bootstrap, written by comfy-tenant envoy; change comfy-tenant.yaml and write it again.
# Start it with: envoy -c <this file> --reject-unknown-dynamic-fields
`;
const MAX_CONNECTIONS = 10_000;

/** Envoy's bootstrap as an object, to be checked or changed by tests. */
export function bootstrap(config: Config, preset: Preset) {
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
    static_resources: { listeners: [listener(config, preset), ...redirects], clusters: clusters(config) },
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
 * Renders Envoy's bootstrap from the configuration, so that domains, upstreams and mapped headers always agree.
 *
 * @throws Error when the preset needs what the configuration does not say
 */
export function renderBootstrap(config: Config, preset: Preset): string {
  return HEAD + stringify(bootstrap(config, preset), { lineWidth: 0, aliasDuplicateObjects: false });
}
