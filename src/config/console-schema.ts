import { z } from 'zod';
import { filePath } from '../config-file/fields.ts';
import { isAddressBlock } from '../http/address-list.ts';

type ConsoleSettings = {
  readonly enabled: boolean;
  readonly accountsFile?: string | undefined;
  readonly historyDir?: string | undefined;
  readonly allowedAddresses: readonly string[];
};

/** `console`: the pages for operators under `/console/` of the admin server. */
export const consoleSettings = z
  .union(
    [
      z.literal('off', 'must be off, or a mapping with accountsFile, historyDir and allowedAddresses'),
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
        allowedAddresses: z
          .array(
            z
              .string('must be an address or a network, such as 172.16.0.0/12')
              .refine(isAddressBlock, 'must be an address or a network, such as 172.16.0.0/12'),
          )
          .default([])
          .describe('Where browsers and programs may be, besides this machine. The console has no TLS.'),
      }),
    ],
    'must be off, or a mapping with accountsFile, historyDir and allowedAddresses',
  )
  .transform((one): ConsoleSettings =>
    one === 'off' ? { enabled: false, allowedAddresses: [] } : { enabled: true, ...one },
  )
  .prefault({})
  .describe('The pages for operators, reachable from the same machine only. off: none.');
