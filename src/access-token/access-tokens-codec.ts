import { z } from 'zod';
import { parseUserId } from '../auth/user-id.ts';
import type { Codec } from '../files/shared-file.ts';
import type { AccessToken } from './access-token.ts';

const text = z.string('must be text').min(1, 'must not be empty');
const time = z.iso
  .datetime({ error: 'must be a time, such as 2026-01-31T12:00:00.000Z', offset: true })
  .transform((iso) => Date.parse(iso));
const userId = z.string('must be a user id').transform((id, context) => {
  const parsed = parseUserId(id);
  if (parsed !== undefined) return parsed;
  context.addIssue('must be a user id, as in the log');
  return z.NEVER;
});

const entry = z.strictObject({
  id: text,
  sha256: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 in base64url'),
  name: text,
  endpoint: text,
  user: text,
  userId,
  claims: z.record(z.string(), z.unknown()).optional(),
  created: time,
  expires: time,
  lastUsed: time.optional(),
});

const content = z.strictObject({ accessTokens: z.array(entry, 'must be a list') });

function fromEntry({ sha256, created, expires, lastUsed, ...rest }: z.output<typeof entry>): AccessToken {
  return { ...rest, digest: sha256, createdAtMs: created, expiresAtMs: expires, lastUsedAtMs: lastUsed };
}

function toEntry({ digest, createdAtMs, expiresAtMs, lastUsedAtMs, ...rest }: AccessToken): object {
  return {
    ...rest,
    sha256: digest,
    created: new Date(createdAtMs).toISOString(),
    expires: new Date(expiresAtMs).toISOString(),
    lastUsed: lastUsedAtMs === undefined ? undefined : new Date(lastUsedAtMs).toISOString(),
  };
}

function parse(json: string): readonly AccessToken[] {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('is not valid JSON: restore it from a backup');
  }
  const result = content.safeParse(value);
  if (result.success) return result.data.accessTokens.map(fromEntry);
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}: restore it from a backup`);
}

/** The file of access tokens, one per line. */
export const accessTokensCodec: Codec<readonly AccessToken[]> = {
  empty: [],
  parse,
  format(tokens) {
    const lines = tokens.map((one) => JSON.stringify(toEntry(one)));
    return lines.length === 0 ? '{"accessTokens":[]}\n' : `{"accessTokens":[\n${lines.join(',\n')}\n]}\n`;
  },
};
