import { z } from 'zod';
import type { UserId } from '../auth/user-id.ts';
import { parseUserId } from '../auth/user-id.ts';

/** A session as `comfy-tenant sessions` lists it. */
export interface RegisteredSession {
  readonly id: string;
  readonly endpoint: string;
  /** BASIC: the user name; JWT: the text of the id claim. */
  readonly user: string;
  readonly userId: UserId;
  readonly method: 'BASIC' | 'JWT';
  /** Of a session that began at an OpenID provider: what the provider calls its user and its own session. */
  readonly provider?: ProviderSession | undefined;
  /** Of the client. */
  readonly address: string;
  /** The browser's family, such as `Firefox`. */
  readonly browser: string;
  /** Milliseconds since 1970. */
  readonly signedInAtMs: number;
  /** When it ends at the latest. */
  readonly endsAtMs: number;
}

export interface ProviderSession {
  readonly issuer: string;
  readonly subject: string;
  readonly sid?: string | undefined;
}

const signedIn = z.object({
  in: z.string(),
  endpoint: z.string(),
  user: z.string(),
  userId: z
    .string()
    .transform(parseUserId)
    .pipe(z.custom<UserId>((id) => id !== undefined)),
  method: z.enum(['BASIC', 'JWT']),
  provider: z.object({ issuer: z.string(), subject: z.string(), sid: z.string().optional() }).optional(),
  address: z.string(),
  browser: z.string(),
  at: z.iso.datetime().transform((text) => Date.parse(text)),
  ends: z.iso.datetime().transform((text) => Date.parse(text)),
});
const signedOut = z.object({ out: z.string() });
const line = z.union([signedIn, signedOut]);

export function formatSession({ id, signedInAtMs, endsAtMs, ...rest }: RegisteredSession): string {
  const [at, ends] = [new Date(signedInAtMs).toISOString(), new Date(endsAtMs).toISOString()];
  return JSON.stringify({ in: id, ...rest, at, ends });
}

function parsed(text: string): z.output<typeof line> | undefined {
  try {
    const result = line.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined; // Cut off by a full disk, or edited.
  }
}

/** Sessions, from lines in any order. */
export class RegisteredSessions {
  /** How many lines were added. */
  lines = 0;
  readonly #sessions = new Map<string, RegisteredSession>();
  readonly #out = new Set<string>();

  add(text: string): void {
    this.lines += 1;
    const found = parsed(text);
    if (found === undefined) return;
    if ('out' in found) {
      this.#out.add(found.out);
      this.#sessions.delete(found.out);
    } else if (!this.#out.has(found.in)) {
      const { in: id, at: signedInAtMs, ends: endsAtMs, ...rest } = found;
      this.#sessions.set(id, { id, ...rest, signedInAtMs, endsAtMs });
    }
  }

  clear(): void {
    this.lines = 0;
    this.#sessions.clear();
    this.#out.clear();
  }

  /** Those that have not ended, the newest first. */
  open(nowMs: number): readonly RegisteredSession[] {
    return [...this.#sessions.values()]
      .filter(({ endsAtMs }) => endsAtMs > nowMs)
      .sort((one, other) => other.signedInAtMs - one.signedInAtMs);
  }

  find(id: string, nowMs: number): RegisteredSession | undefined {
    const found = this.#sessions.get(id);
    return found !== undefined && found.endsAtMs > nowMs ? found : undefined;
  }
}
