import type { Config } from '../config/schema.ts';

export const PRESETS = ['gateway', 'sidecar', 'edge-tls'] as const;

/** gateway: in front of any number of ComfyUIs; sidecar: next to one, in its pod; edge-tls: a gateway that terminates TLS. */
export type Preset = (typeof PRESETS)[number];

export function isPreset(name: string): name is Preset {
  return (PRESETS as readonly string[]).includes(name);
}

/** Of a gateway that is no sidecar. */
export function usualPreset({ gateway }: Config): Preset {
  return gateway.tls === undefined ? 'gateway' : 'edge-tls';
}

/** The inputs of a bootstrap. */
export interface Rendering {
  readonly config: Config;
  readonly preset: Preset;
  /** Digest of the whole bootstrap, computed with an empty digest. */
  readonly digest: string;
  /** The folder with the files that Envoy watches, as Envoy names it; without it, everything is in the bootstrap. */
  readonly watched?: string;
}
