import type { Config } from '../config/schema.ts';

export const PRESETS = ['gateway', 'sidecar', 'edge-tls'] as const;

/** gateway: in front of any number of ComfyUIs; sidecar: next to one, in its pod; edge-tls: a gateway that terminates TLS. */
export type Preset = (typeof PRESETS)[number];

/** The inputs of a bootstrap. */
export interface Rendering {
  readonly config: Config;
  readonly preset: Preset;
  /** Digest of the whole bootstrap, computed with an empty digest. */
  readonly digest: string;
}
