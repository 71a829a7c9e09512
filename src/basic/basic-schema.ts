import { z } from 'zod';
import { filePath, realm, userIdPrefix } from '../config-file/fields.ts';
import { operators } from '../config-file/operators.ts';

const basicUser = z.strictObject({
  username: z.string('must be a user name, such as alice; put quotes around digits'),
  password: z.string('must be a password hash: create one with `comfy-tenant hash`'),
});

/** `auth` of an endpoint that checks passwords. */
export const basicAuth = z.strictObject({
  method: z.literal('BASIC'),
  realm: realm.optional(),
  users: z.array(basicUser).default([]).describe('The user list; the user name is the isolation id.'),
  usersFile: filePath.optional().describe('A file in htpasswd format, in addition to or instead of `users`.'),
  policy: z.literal('funart').optional().describe("FunArt's rules for names and passwords."),
  userIdPrefix: userIdPrefix.optional(),
  operators: operators.optional(),
  signIn: z
    .enum(['page', 'browser'], 'must be page or browser')
    .default('page')
    .describe('How browsers sign in: with the page at /_auth/sign-in, or with their own dialog.'),
});

export type BasicAuth = z.output<typeof basicAuth>;
