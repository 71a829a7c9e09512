import { z } from 'zod';
import { duration, filePath } from '../config-file/fields.ts';

/** `session`: how long people stay signed in. */
export const sessionSettings = z
  .strictObject({
    keyFile: filePath
      .optional()
      .describe(
        'The keys that sign session cookies; created (0600) if missing. Replicas share it. Default: session.keys next to comfyui.tokenKeyFile.',
      ),
    ttl: duration('1m', '30d')
      .prefault('8h')
      .describe('A session ends after this time without use; never later than its credentials.'),
    maxAge: duration('1m', '365d').prefault('7d').describe('A session ends this long after sign-in.'),
  })
  .prefault({});
