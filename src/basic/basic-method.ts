import { createHmac, randomBytes } from 'node:crypto';
import type { Client, Credentials, AuthMethod } from '../auth/auth-method.ts';
import { deny, type Decision, type Deny } from '../auth/decision.ts';
import { parseBasic } from './parse-basic.ts';
import { headerValues, type RequestHead } from '../http/request-head.ts';
import { encodeUserId } from '../auth/user-id.ts';
import { identifyUser, type IdentifyUserOptions } from './identify-user.ts';
import type { HashQueue } from './hash-queue.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { verifyPassword } from './verify-password.ts';

export interface BasicOptions extends IdentifyUserOptions {
  /** Name of the endpoint; separates its users from those of other endpoints. */
  readonly endpoint: string;
  readonly realm: string;
  /** User name → password hash. */
  readonly users: ReadonlyMap<string, string>;
  readonly hashing: HashQueue;
  readonly throttle: LoginThrottle;
}

/** The limit of `comfy-tenant hash`; longer passwords would only cost time. */
const MAX_PASSWORD_BYTES = 1024;

/** argon2id hash of discarded random bytes, for an empty user list. */
const DECOY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$o72R4+V9LiP1octOGsSnBw$LmWjWIyyDBOTjfj2gv6ZmnZJ6dk+GceLzL4X4OLMmyE';

/**
 * The hash that an unknown user's password is compared with: one from the list, always the same for a name, so that
 * timing does not reveal which users exist, even if the list mixes hash types.
 */
function decoys(users: ReadonlyMap<string, string>): (username: string) => string {
  const hashes = [...users.values()];
  const secret = randomBytes(32);
  return (username) => {
    const pick = createHmac('sha256', secret).update(username).digest().readUInt32BE();
    return hashes[pick % hashes.length] ?? DECOY_HASH;
  };
}

function find(request: RequestHead): Credentials | Deny {
  const values = headerValues(request, 'authorization');
  if (values.length > 1) return deny('credentials-ambiguous');
  const [text] = values;
  return text === undefined || text === '' ? deny('credentials-missing') : { text, ambient: true };
}

function quoted(realm: string): string {
  return `"${realm.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** HTTP Basic (RFC 7617) against a user list; the user name is the isolation id. */
export function createBasicMethod(options: BasicOptions): AuthMethod {
  const { endpoint, users, hashing, throttle } = options;
  const decoyFor = decoys(users);

  /** No user can have such a name or password, so rejecting it without hashing reveals nothing about existing users. */
  function isImpossible({ username, password }: { username: string; password: string }): boolean {
    return (
      encodeUserId(username, options.userIdPrefix) === undefined ||
      Buffer.byteLength(password) > MAX_PASSWORD_BYTES
    );
  }

  async function check(username: string, password: string, address: string): Promise<Decision> {
    const admission = throttle.begin({ endpoint, username, address });
    if (admission.kind === 'blocked')
      return { kind: 'deny', reason: 'too-many-failures', retryAfterSeconds: admission.retryAfterSeconds };
    const { attempt } = admission;
    const hash = users.get(username);
    const verified = hashing.run(() => verifyPassword(password, hash ?? decoyFor(username)));
    if (verified === undefined) {
      attempt.abandoned();
      return {
        kind: 'unavailable',
        cause: 'too many passwords are waiting to be hashed',
        retryAfterSeconds: 1,
      };
    }
    const right = await verified.catch((error: unknown) => {
      attempt.failed();
      throw error;
    });
    if (right && hash !== undefined) {
      attempt.succeeded();
      return identifyUser(username, options);
    }
    attempt.failed();
    return deny(hash === undefined ? 'user-unknown' : 'password-wrong');
  }

  return {
    name: 'BASIC',
    challenge: `Basic realm=${quoted(options.realm)}, charset="UTF-8"`,
    credentialLocations: { headers: ['authorization'], cookies: [], query: [] },
    find,
    authenticate(credentials: Credentials, client: Client) {
      const parsed = parseBasic(credentials.text);
      if (parsed.kind === 'refused') return deny(parsed.reason);
      if (isImpossible(parsed)) return deny('user-unknown');
      return check(parsed.username, parsed.password, client.address);
    },
  };
}
