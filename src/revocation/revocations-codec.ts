import { z } from 'zod';
import { parseUserId } from '../auth/user-id.ts';
import type { Codec } from '../files/shared-file.ts';
import type { Revocation } from './revocations.ts';

const TIME = 'must be a time, such as 2026-01-31T12:00:00.000Z';
const time = z.iso.datetime({ error: TIME, offset: true }).transform((text) => Date.parse(text));
const userId = z.string('must be a user id').transform((text, context) => {
  const id = parseUserId(text);
  if (id !== undefined) return id;
  context.addIssue('must be a user id, as in the log');
  return z.NEVER;
});

const entry = z
  .strictObject({
    endpoint: z.string('must be the name of an endpoint').optional(),
    user: userId.optional(),
    session: z.string('must be a session id').min(1, 'must be a session id').optional(),
    issuedBefore: time.optional(),
    until: time,
  })
  .refine(
    ({ session, issuedBefore }) => session !== undefined || issuedBefore !== undefined,
    'must have session or issuedBefore',
  );

const content = z.strictObject({
  revocations: z.array(entry, 'must be a list'),
});

type Entry = z.output<typeof entry>;

function fromEntry({ endpoint, user, session, issuedBefore, until }: Entry): Revocation {
  return { endpoint, userId: user, sessionId: session, issuedBeforeMs: issuedBefore, untilMs: until };
}

function toEntry({ endpoint, userId: user, sessionId, issuedBeforeMs, untilMs }: Revocation): object {
  const iso = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : new Date(ms).toISOString();
  return { endpoint, user, session: sessionId, issuedBefore: iso(issuedBeforeMs), until: iso(untilMs) };
}

function parse(text: string): readonly Revocation[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('is not valid JSON: restore it from a backup');
  }
  const result = content.safeParse(json);
  if (result.success) return result.data.revocations.map(fromEntry);
  const [issue] = result.error.issues;
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}: restore it from a backup`);
}

/** The revocations file: one entry per line, so that people can read it. */
export const revocationsCodec: Codec<readonly Revocation[]> = {
  empty: [],
  parse,
  format(revocations) {
    const lines = revocations.map((one) => JSON.stringify(toEntry(one)));
    return lines.length === 0 ? '{"revocations":[]}\n' : `{"revocations":[\n${lines.join(',\n')}\n]}\n`;
  },
};
