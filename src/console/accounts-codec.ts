import { z } from 'zod';
import { checkHash } from '../basic/password-hash.ts';
import type { Codec } from '../files/shared-file.ts';

const ROLES = ['viewer', 'administrator'] as const;
/** Viewers read; administrators also change. */
export type Role = (typeof ROLES)[number];

export interface Account {
  readonly name: string;
  readonly role: Role;
  /** argon2id. */
  readonly password: string;
}

/** A one-time link, with which someone chooses a password. */
export interface SetupLink {
  /** SHA-256 of the secret in the link, base64url. */
  readonly digest: string;
  readonly role: Role;
  /** The account whose password it replaces; undefined for a new account. */
  readonly account?: string | undefined;
  readonly expiresAtMs: number;
}

export interface Accounts {
  readonly accounts: readonly Account[];
  readonly links: readonly SetupLink[];
}

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'is not an account name');
const role = z.enum(ROLES);
const file = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        name,
        role,
        password: z.string().refine((hash) => checkHash(hash).kind === 'good', 'is not a password hash'),
      }),
    )
    .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'has an account twice'),
  links: z.array(
    z.strictObject({
      digest: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
      role,
      account: name.optional(),
      expiresAtMs: z.int(),
    }),
  ),
});

const REMEDY = 'restore it, or delete it and run `comfy-tenant console link`';

export function isAccountName(text: string): boolean {
  return name.safeParse(text).success;
}

/** How accounts are stored. A file with anything unknown is unusable. */
export const accountsCodec: Codec<Accounts> = {
  empty: { accounts: [], links: [] },
  parse(text) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error(`is not JSON: ${REMEDY}`);
    }
    const parsed = file.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join('.') ?? ''} is not what the console writes: ${REMEDY}`);
  },
  format: (state) => `${JSON.stringify(state, null, 2)}\n`,
};
