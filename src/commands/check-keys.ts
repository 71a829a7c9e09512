import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config } from '../config/schema.ts';
import { sharedKeyWarning } from '../token/key-warnings.ts';
import { readTokenKeys, readVerifyKeys, type TokenKeys } from '../token/token-key.ts';

/** What `check` reports about the service's private keys. */
export interface KeyReport {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly faults: readonly string[];
}

function keyLines(config: Config, keys: TokenKeys | undefined): string[] {
  const { tokenKeyFile } = config.comfyui;
  if (keys === undefined) return [`key ${tokenKeyFile}: will be created`];
  if (keys.kind === 'shared') return [`key ${keys.fingerprint} (${tokenKeyFile}), shared with ComfyUI`];
  const files = comfyuiGroups(config).map(
    ({ file, upstreams }) => `  for ComfyUI at ${upstreams.join(' ')}: COMFY_TENANT_KEY_FILE=${file}`,
  );
  return [`key ${keys.fingerprint} (${tokenKeyFile})`, ...files];
}

/** Reads the private key files, and creates none. */
export function reportKeys(config: Config): KeyReport {
  const { tokenKeyFile, verifyKeyFile } = config.comfyui;
  const warnings: string[] = [];
  try {
    const keys = readTokenKeys(tokenKeyFile);
    readVerifyKeys(verifyKeyFile);
    if (keys?.kind === 'shared') warnings.push(sharedKeyWarning(tokenKeyFile));
    return { lines: keyLines(config, keys), warnings, faults: [] };
  } catch (error) {
    return { lines: [], warnings, faults: [error instanceof Error ? error.message : String(error)] };
  }
}
