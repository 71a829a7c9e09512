import { dirname, sep } from 'node:path';
import type { Diagnostics } from '../../config-file/diagnostics.ts';
import type { ConfigParts } from '../parse-parts.ts';

/** ComfyUI can read publicKeyDir: it must not contain a private key, and each key has one purpose. */
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
      'contains a private key, and ComfyUI can read this folder: use another, such as .comfy-tenant/public',
    );
}
