import { z } from 'zod';
import { address, listen } from '../config-file/fields.ts';

function plainText(most: number) {
  const rule = `must be 1 to ${most} characters of text`;
  return z.string(rule).trim().min(1, rule).max(most, rule);
}

/** `portal`: the sign-in and account pages under `/_auth/`. */
export const portalSettings = z
  .strictObject({
    listen: listen
      .optional()
      .describe(
        'Where the pages are served to Envoy; default: portal.sock next to the socket of the service.',
      ),
    address: address.optional().describe('Where Envoy connects to, if it differs from `listen`.'),
    title: plainText(60).default('ComfyUI').describe('The heading of the sign-in page and of error pages.'),
    notice: plainText(1000)
      .optional()
      .describe('A text for the sign-in page and error pages, such as whom to ask for access.'),
  })
  .prefault({});
