import { dirname, sep } from 'node:path';
import type { Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';

/** ComfyUI gets the folder of public keys; no private key may be in it, and no key may do two jobs. */
export function checkComfyui({ comfyui }: ConfigParts, findings: Diagnostics): void {
  if (comfyui === undefined) return;
  const { tokenKeyFile, verifyKeyFile, publicKeyDir } = comfyui;
  if (verifyKeyFile === tokenKeyFile)
    findings.fault(['comfyui', 'verifyKeyFile'], 'must not be tokenKeyFile: each key has one purpose');
  if (publicKeyDir === undefined) return;
  const inside = [tokenKeyFile, verifyKeyFile].some((file) =>
    `${dirname(file)}${sep}`.startsWith(`${publicKeyDir}${sep}`),
  );
  if (inside)
    findings.fault(
      ['comfyui', 'publicKeyDir'],
      'holds a private key: ComfyUI can read this folder, so name one of its own, such as .comfy-tenant/public',
    );
}
