import type { AuthMethod, Client, Credentials } from '../auth/auth-method.ts';
import { deny, type Allow, type Decision, type Deny } from '../auth/decision.ts';
import { isHttps, type RequestHead } from '../http/request-head.ts';
import { limited, renewalDueMs, renewed, type Session, type SessionLimits } from './session.ts';
import { sessionCookies } from './session-cookie.ts';
import type { SessionSource } from './session-source.ts';
import type { Sessions } from './sessions.ts';

export interface SessionOptions {
  readonly endpoint: string;
  readonly sessions: Sessions;
  readonly limits: SessionLimits;
  readonly source: SessionSource;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** First character of the credentials' text: where they come from. No client can choose it. */
const OWN = 'm';
const SECURE = 'S';
const PLAIN = 's';

interface Parts {
  readonly own: Credentials | undefined;
  readonly cookie: string | undefined;
  readonly isSecure: boolean;
}

/** `m` and the method's own credentials, or `S` or `s`, the cookie, and after a line feed the method's own if there are any. */
function join(cookie: string, isSecure: boolean, own: string | undefined): string {
  const mark = isSecure ? SECURE : PLAIN;
  return own === undefined ? `${mark}${cookie}` : `${mark}${cookie}\n${own}`;
}

function split({ text, ambient }: Credentials): Parts {
  const mark = text[0];
  if (mark === OWN) return { own: { text: text.slice(1), ambient }, cookie: undefined, isSecure: false };
  const end = text.indexOf('\n');
  return {
    own: end < 0 ? undefined : { text: text.slice(end + 1), ambient },
    cookie: end < 0 ? text.slice(1) : text.slice(1, end),
    isSecure: mark === SECURE,
  };
}

/**
 * Lets a method also accept session cookies. Explicit credentials take precedence over the cookie, whether they are right or
 * wrong; if both name different users, the request is ambiguous.
 */
export function acceptSessions(method: AuthMethod, options: SessionOptions): AuthMethod {
  const { endpoint, sessions, limits, source, now } = options;

  function find(request: RequestHead): Credentials | Deny {
    const found = method.find(request);
    const isMissing = 'kind' in found && found.reason === 'credentials-missing';
    if ('kind' in found && !isMissing) return found;
    const [cookie = '', ...others] = sessionCookies(request);
    if (others.length > 0) return deny('credentials-ambiguous');
    const isSecure = isHttps(request);
    if ('kind' in found)
      return cookie === '' ? found : { text: join(cookie, isSecure, undefined), ambient: true };
    const { text, ambient } = found;
    return { text: cookie === '' ? OWN + text : join(cookie, isSecure, text), ambient };
  }

  async function resume(cookie: string, isSecure: boolean): Promise<Decision> {
    const opened = await sessions.open(cookie, endpoint);
    if (typeof opened === 'string') return deny(opened);
    const session = limited(opened, limits);
    const nowMs = now();
    if (nowMs >= session.expiresAtMs) return deny('session-expired');
    const decision = source.identify(session);
    return decision.kind === 'allow' ? identityOf(decision, session, { isSecure, nowMs }) : decision;
  }

  async function identityOf(
    { identity }: Allow,
    session: Session,
    { isSecure, nowMs }: { isSecure: boolean; nowMs: number },
  ): Promise<Allow> {
    const dueMs = renewalDueMs(session);
    const isDue = nowMs >= dueMs;
    const setCookie = isDue
      ? await sessions.seal({ ...renewed(session, limits, nowMs), ...source.contentOf(session) }, isSecure)
      : undefined;
    return {
      kind: 'allow',
      session,
      identity: {
        ...identity,
        sessionId: session.id,
        issuedAtMs: session.signedInAtMs,
        expiresAtMs: session.expiresAtMs,
        ...(setCookie === undefined ? {} : { setCookie }),
      },
      ...(isDue ? {} : { cacheUntilMs: dueMs }),
    };
  }

  async function both(own: Credentials, cookie: string, client: Client): Promise<Decision> {
    const decision = await method.authenticate(own, client);
    if (decision.kind !== 'allow') return decision;
    const other = await resume(cookie, false);
    const isSame = other.kind !== 'allow' || other.identity.userId === decision.identity.userId;
    return isSame ? decision : deny('credentials-ambiguous');
  }

  return {
    ...method,
    find,
    authenticate(credentials, client) {
      const { own, cookie, isSecure } = split(credentials);
      if (own === undefined) return resume(cookie ?? '', isSecure);
      return cookie === undefined ? method.authenticate(own, client) : both(own, cookie, client);
    },
  };
}
