import type { AuthMethod, Client, Credentials } from '../auth/auth-method.ts';
import { deny, type Decision, type DenyReason, type Identity } from '../auth/decision.ts';
import type { LoginThrottle } from '../basic/login-throttle.ts';
import { parseBasic } from '../basic/parse-basic.ts';
import { headerValues } from '../http/request-head.ts';
import { TOKEN_ID_PREFIX, type AccessToken } from './access-token.ts';
import type { AccessTokens } from './open-access-tokens.ts';
import { isTokenText } from './token-text.ts';

export interface AccessTokenMethodOptions {
  readonly endpoint: string;
  readonly tokens: AccessTokens;
  readonly throttle: LoginThrottle;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The owner's identity by the current configuration; a denial if the user is no longer known. */
  readonly identify: (token: AccessToken) => Decision;
}

interface Presented {
  readonly text: string;
  /** The name sent with it, if it was sent as a password. */
  readonly user?: string;
}

const BEARER = /^bearer +(ct_.*)$/i;
const BASIC = /^basic /i;
/** How much of a token without a user name counts failures; the rest stays secret even from the throttle. */
const THROTTLE_LENGTH = 11;

function presentedIn(authorization: string): Presented | undefined {
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer !== undefined) return { text: bearer.trim() };
  if (!BASIC.test(authorization)) return undefined;
  const parsed = parseBasic(authorization);
  return parsed.kind === 'basic' && isTokenText(parsed.password)
    ? { text: parsed.password, user: parsed.username }
    : undefined;
}

/** Whether a request was made with an access token: it may not start a session or create more tokens. */
function isByAccessToken({ sessionId }: Identity): boolean {
  return sessionId?.startsWith(TOKEN_ID_PREFIX) === true;
}

/** Lets a method also accept access tokens, as `Bearer` or as the password of Basic credentials. */
export function acceptAccessTokens(method: AuthMethod, options: AccessTokenMethodOptions): AuthMethod {
  const { endpoint, tokens, throttle, now } = options;

  function look({ text, user }: Presented): AccessToken | DenyReason {
    if (!isTokenText(text)) return 'token-malformed';
    const token = tokens.find(text);
    if (token?.endpoint !== endpoint) return 'access-token-unknown';
    if (user !== undefined && user !== token.user) return 'access-token-of-other-user';
    return token.expiresAtMs <= now() ? 'access-token-expired' : token;
  }

  function owner(token: AccessToken): Decision {
    const decision = options.identify(token);
    if (decision.kind !== 'allow') return decision;
    if (decision.identity.userId !== token.userId) return deny('user-id-unusable');
    const { id, createdAtMs, expiresAtMs } = token;
    const identity = { ...decision.identity, sessionId: id, issuedAtMs: createdAtMs, expiresAtMs };
    return { kind: 'allow', identity };
  }

  function check(presented: Presented, { address }: Client): Decision {
    if (tokens.problem !== undefined) return { kind: 'unavailable', cause: tokens.problem };
    const username = presented.user ?? presented.text.slice(0, THROTTLE_LENGTH);
    const admission = throttle.begin({ endpoint, username, address });
    if (admission.kind === 'blocked')
      return { kind: 'deny', reason: 'too-many-failures', retryAfterSeconds: admission.retryAfterSeconds };
    const found = look(presented);
    if (typeof found === 'string') {
      admission.attempt.failed();
      return deny(found);
    }
    admission.attempt.succeeded();
    return owner(found);
  }

  return {
    ...method,
    find(request) {
      const [value, ...others] = headerValues(request, 'authorization');
      if (value === undefined || others.length > 0) return method.find(request);
      if (BEARER.test(value)) return { text: value, ambient: false };
      // A method for passwords finds these itself.
      const isOwn = method.name !== 'BASIC' && BASIC.test(value) && presentedIn(value) !== undefined;
      return isOwn ? { text: value, ambient: true } : method.find(request);
    },
    authenticate(credentials: Credentials, client: Client) {
      const presented = presentedIn(credentials.text);
      return presented === undefined ? method.authenticate(credentials, client) : check(presented, client);
    },
  };
}

/** Notes each use of an access token, also those that a cache decides. */
export function noteUses(method: AuthMethod, tokens: Pick<AccessTokens, 'used'>): AuthMethod {
  function note(decision: Decision): Decision {
    if (decision.kind === 'allow' && isByAccessToken(decision.identity))
      tokens.used(decision.identity.sessionId ?? '');
    return decision;
  }
  return {
    ...method,
    authenticate(credentials, client) {
      const decision = method.authenticate(credentials, client);
      return decision instanceof Promise ? decision.then(note) : note(decision);
    },
  };
}
