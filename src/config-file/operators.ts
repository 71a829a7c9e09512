import { z } from 'zod';

/** Who may see all, free memory and restart; a part of every authentication method. */
export const operators = z.strictObject({
  users: z.array(z.string()).default([]).describe('User ids that may see all, free memory and restart.'),
  claim: z
    .strictObject({ name: z.string(), value: z.string() })
    .optional()
    .describe('JWT only: a claim that is this value, or a list that holds it, makes an operator.'),
});

export type Operators = z.output<typeof operators>;
