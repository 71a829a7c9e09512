import { z } from 'zod';
import { duration, filePath } from '../config-file/fields.ts';

/** `accessTokens`: tokens for programs. */
export const accessTokenSettings = z
  .strictObject({
    file: filePath
      .optional()
      .describe(
        'The hashes of the access tokens (0600). Replicas share it. Default: access-tokens.json next to comfyui.tokenKeyFile.',
      ),
    maxAge: duration('1d', '3650d').prefault('365d').describe('The longest lifetime of an access token.'),
  })
  .prefault({});
