import { createHmac } from 'node:crypto';
import type { Context } from 'hono';
import { LRUCache } from 'lru-cache';
import type { Deny, Unavailable } from '../../auth/decision.ts';
import { parseBasic } from '../../basic/parse-basic.ts';
import { headerValues } from '../../http/request-head.ts';
import { requestOf } from '../../portal/visit.ts';
import type { Account } from '../accounts-codec.ts';
import { checkPassword } from '../check-password.ts';
import type { ConsoleParts } from '../console-context.ts';
import type { ConsoleUser } from '../console-sessions.ts';
import { refuse, type Refused } from './refuse.ts';

const RETRY_SECONDS = 5;
const MOST_KNOWN = 50;
const KNOWN_FOR_MS = 300_000;
const UNKNOWN: Refused = {
  status: 401,
  detail: 'send name and password of an account of the console (Basic)',
};

/** Not Basic: a browser must not ask for a password that it then sends with every request. */
const CHALLENGE = 'Console realm="comfy-tenant console"';

function refusalOf(decision: Deny | Unavailable): Refused {
  const retryAfter = decision.retryAfterSeconds ?? RETRY_SECONDS;
  if (decision.kind === 'unavailable')
    return { status: 503, detail: 'passwords cannot be checked at the moment: try again', retryAfter };
  if (decision.reason !== 'too-many-failures') return UNKNOWN;
  return { status: 429, detail: `too many failed attempts: try again in ${retryAfter} s`, retryAfter };
}

function reject(context: Context, refused: Refused): Response {
  if (refused.status === 401) context.header('www-authenticate', CHALLENGE);
  return refuse(context, refused);
}

type FindCaller = (context: Context) => Promise<ConsoleUser | Response>;

/**
 * Finds who sends a request, by name and password of an account of the console. A password that was right is not hashed again
 * for some minutes, unless the account changes.
 */
export function createFindCaller(parts: ConsoleParts): FindCaller {
  const { accounts, audit, randomBytes } = parts;
  const secret = randomBytes(32);
  const known = new LRUCache<string, Account>({ max: MOST_KNOWN, ttl: KNOWN_FOR_MS });

  /** The account of credentials that were right a moment ago. */
  function knownAccount(key: string): Account | undefined {
    const found = known.get(key);
    return accounts.list().find((one) => one.name === found?.name && one.password === found.password);
  }

  return async (context) => {
    const request = requestOf(context);
    const [authorization = '', ...others] = headerValues(request, 'authorization');
    const parsed = parseBasic(authorization);
    if (parsed.kind !== 'basic' || others.length > 0) return reject(context, UNKNOWN);
    const { username: name, password } = parsed;
    const key = createHmac('sha256', secret).update(authorization).digest('base64url');
    const before = knownAccount(key);
    if (before !== undefined) return { name, role: before.role };
    const address = request.peerAddress;
    const decision = await checkPassword(parts, { name, password }, address);
    if (decision.kind !== 'allow') {
      if (decision.kind === 'deny') audit({ event: 'console-refused', reason: decision.reason, address });
      return reject(context, refusalOf(decision));
    }
    const account = accounts.list().find((one) => one.name === name);
    if (account === undefined) return reject(context, UNKNOWN);
    known.set(key, account);
    return { name, role: account.role };
  };
}
