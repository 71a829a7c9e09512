import type { Context } from 'hono';
import type { Deny, Unavailable } from '../../auth/decision.ts';
import { parseBasic } from '../../basic/parse-basic.ts';
import { headerValues } from '../../http/request-head.ts';
import { requestOf } from '../../portal/visit.ts';
import { checkPassword } from '../check-password.ts';
import type { ConsoleParts } from '../console-context.ts';
import type { ConsoleUser } from '../console-sessions.ts';
import { refuse, type Refused } from './refuse.ts';

const RETRY_SECONDS = 5;
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

/** Who sends the request, by name and password of an account of the console. */
export async function callerOf(context: Context, parts: ConsoleParts): Promise<ConsoleUser | Response> {
  const request = requestOf(context);
  const [authorization = '', ...others] = headerValues(request, 'authorization');
  const parsed = parseBasic(authorization);
  if (parsed.kind !== 'basic' || others.length > 0) return reject(context, UNKNOWN);
  const { username: name, password } = parsed;
  const address = request.peerAddress;
  const decision = await checkPassword(parts, { name, password }, address);
  if (decision.kind !== 'allow') {
    if (decision.kind === 'deny') parts.audit({ event: 'console-refused', reason: decision.reason, address });
    return reject(context, refusalOf(decision));
  }
  const account = parts.accounts.list().find((one) => one.name === name);
  return account === undefined ? reject(context, UNKNOWN) : { name, role: account.role };
}
