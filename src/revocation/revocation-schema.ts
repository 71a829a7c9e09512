import { z } from 'zod';
import { filePath } from '../config-file/fields.ts';

/** `revocation`: what is no longer accepted, and who signed in. */
export const revocationSettings = z
  .strictObject({
    file: filePath
      .default('.comfy-tenant/revocations.json')
      .describe('What `comfy-tenant revoke` has revoked. Replicas share it.'),
    sessionsFile: filePath
      .default('.comfy-tenant/sessions.jsonl')
      .describe('The sessions, for `comfy-tenant sessions`. Replicas share it.'),
  })
  .prefault({});
