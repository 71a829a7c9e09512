import { z } from 'zod';

/** Users with operator rights; part of every authentication method's schema. */
export const operators = z.strictObject({
  users: z
    .array(z.string())
    .default([])
    .describe("User ids that may see all users' work, free memory and restart ComfyUI."),
  claim: z
    .strictObject({ name: z.string(), value: z.string() })
    .optional()
    .describe('JWT only: users whose claim is this value, or a list that contains it, are operators.'),
});

export type Operators = z.output<typeof operators>;
