import { z } from 'zod';
import { filePath } from '../config-file/fields.ts';

/** `revocation`: what is no longer accepted, and who signed in. */
export const revocationSettings = z
  .strictObject({
    file: filePath
      .optional()
      .describe(
        'What `comfy-tenant revoke` has revoked. Replicas share it. Default: revocations.json next to comfyui.tokenKeyFile.',
      ),
    sessionsFile: filePath
      .optional()
      .describe(
        'The sessions, for `comfy-tenant sessions`. Replicas share it. Default: sessions.jsonl next to comfyui.tokenKeyFile.',
      ),
  })
  .prefault({});
