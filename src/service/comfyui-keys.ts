import type { KeyObject } from 'node:crypto';
import type { Log } from '../admin/log.ts';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config } from '../config/schema.ts';
import { sharedKeyWarning } from '../token/key-warnings.ts';
import { publishKeys } from '../token/public-keys.ts';
import type { SigningKey } from '../token/ed25519-keys.ts';
import { loadTokenKeys, loadVerifyKeys, readTokenKeys, type TokenKeys } from '../token/token-key.ts';

/** The service's private keys, and the public keys for ComfyUI. */
export interface ComfyuiKeys {
  readonly token: TokenKeys;
  /** Public keys for `comfy-tenant verify`; empty if unusable: its users are then rejected. */
  readonly verify: readonly KeyObject[];
  /** Writes the public key files of these endpoints' ComfyUIs. @throws Error naming the folder */
  publish(endpoints: Config['endpoints']): void;
  /** Writes them again after a failed change; errors are logged. */
  restore(endpoints: Config['endpoints']): void;
}

function openVerifyKeys(file: string, log: Log): readonly KeyObject[] {
  try {
    return loadVerifyKeys(file).map(({ publicKey }) => publicKey);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    log.warn({ problem }, 'comfyui.verifyKeyFile is unusable: `comfy-tenant verify` will fail');
    return [];
  }
}

/** The keys of the file as it is now, which may have been rotated, and the one that this service signs with. */
function acceptedKeys(file: string, signing: SigningKey): readonly SigningKey[] {
  let latest: readonly SigningKey[] = [];
  try {
    const found = readTokenKeys(file);
    if (found?.kind === 'ed25519') latest = found.all;
  } catch {
    // The next start reports what is wrong with the file; until then this service signs as before.
  }
  return latest.some(({ kid }) => kid === signing.kid) ? latest : [...latest, signing];
}

/** Reads the service's keys, and creates missing ones. @throws Error naming the file */
export function openComfyuiKeys({ comfyui }: Config, log: Log): ComfyuiKeys {
  const token = loadTokenKeys(comfyui.tokenKeyFile);
  if (token.kind === 'shared') log.warn(sharedKeyWarning(comfyui.tokenKeyFile));
  const publish = (endpoints: Config['endpoints']): void => {
    if (token.kind !== 'ed25519') return;
    const keys = acceptedKeys(comfyui.tokenKeyFile, token.signing);
    for (const warning of publishKeys(comfyuiGroups({ endpoints, comfyui }), keys)) log.warn(warning);
  };
  return {
    token,
    verify: openVerifyKeys(comfyui.verifyKeyFile, log),
    publish,
    restore(endpoints) {
      try {
        publish(endpoints);
      } catch (error) {
        log.error(
          { problem: error instanceof Error ? error.message : String(error) },
          'restoring public key files failed',
        );
      }
    },
  };
}
