import { z } from 'zod';
import { filePath } from '../config-file/fields.ts';

/** `console`: the pages for operators under `/console/` of the admin server. */
export const consoleSettings = z
  .union(
    [
      z.literal('off', 'must be off, or a mapping with accountsFile and historyDir'),
      z.strictObject({
        accountsFile: filePath
          .optional()
          .describe(
            'The accounts of the console; created (0600) if missing. Default: console-accounts.json next to comfyui.tokenKeyFile.',
          ),
        historyDir: filePath
          .optional()
          .describe(
            'The folder of replaced configurations. Default: console-history next to comfyui.tokenKeyFile.',
          ),
      }),
    ],
    'must be off, or a mapping with accountsFile and historyDir',
  )
  .transform(
    (one): { enabled: boolean; accountsFile?: string | undefined; historyDir?: string | undefined } =>
      one === 'off' ? { enabled: false } : { enabled: true, ...one },
  )
  .prefault({})
  .describe('The pages for operators, reachable from the same machine only. off: none.');
