import { z } from 'zod';
import { patternFault } from './path-pattern.ts';

const pattern = z
  .string('must be a method and a path, such as POST /free, or a path, such as /upload/*')
  .superRefine((text, context) => {
    const message = patternFault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const patterns = z
  .union(
    [pattern, z.array(pattern).min(1, 'must name at least one request; /* is all of them')],
    'must be requests, such as POST /free, or a list of them',
  )
  .transform((one) => (Array.isArray(one) ? one : [one]));

const subject = z
  .strictObject({
    users: z
      .array(z.string())
      .default([])
      .describe('User ids in the form that ComfyUI receives, percent-encoded, such as alice or corp~alice.'),
    claim: z
      .strictObject({
        name: z.string().min(1, 'must name a claim, such as groups'),
        value: z.string('must be text; put quotes around digits'),
      })
      .optional()
      .describe('JWT only: users whose claim is this value, or a list that contains it.'),
    operators: z.literal(true, 'must be true, or be omitted').optional(),
  })
  .refine(
    ({ users, claim, operators }) => users.length > 0 || claim !== undefined || operators === true,
    'must name users, a claim or operators: true; omit `to` for everyone',
  );

const printable = z
  .string('must be text')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u, 'must be 1 to 200 printable characters on one line');

/** One entry of an endpoint's `rules`. */
export const accessRule = z
  .strictObject({
    name: printable.optional().describe('Shown in the log and by `comfy-tenant explain`.'),
    allow: patterns.optional(),
    deny: patterns.optional(),
    to: subject.optional().describe('Whom the rule is about; everyone if omitted.'),
    why: printable.optional().describe('Shown to a user whose request is denied.'),
  })
  .refine(
    ({ allow, deny }) => (allow === undefined) !== (deny === undefined),
    'must have either allow or deny, with the requests it is about',
  );

const claimValue = z.union(
  [z.string(), z.array(z.string())],
  'must be text or a list of texts; put quotes around digits',
);

/** One entry of an endpoint's `tests`. */
export const accessTest = z.strictObject({
  as: z.string('must be a user').min(1, 'must be a user, such as alice'),
  claims: z.record(z.string(), claimValue).default({}).describe('JWT only: the claims of the user.'),
  request: z
    .string('must be a method and a path, such as POST /api/free')
    .regex(/^[A-Z]+ \/[^\s]*$/, 'must be a method and a path, such as POST /api/free'),
  expect: z.enum(['allow', 'deny'], 'must be allow or deny'),
});

export type AccessRule = z.output<typeof accessRule>;
export type AccessTest = z.output<typeof accessTest>;
