import type { Config } from '../config/schema.ts';

export const PRESETS = ['gateway', 'sidecar', 'edge-tls'] as const;

/** gateway: in front of any number of ComfyUIs; sidecar: beside one, in its pod; edge-tls: a gateway with TLS. */
export type Preset = (typeof PRESETS)[number];

/** What a bootstrap is made of. */
export interface Rendering {
  readonly config: Config;
  readonly preset: Preset;
  /** Of the whole bootstrap, with an empty text in its own place. */
  readonly digest: string;
}
