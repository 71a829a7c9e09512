import type { Audit } from '../auth/audit-event.ts';
import type { Claims } from '../auth/claims.ts';
import type { UserId } from '../auth/user-id.ts';
import type { Revocations } from '../revocation/revocations.ts';
import { TOKEN_ID_PREFIX, type AccessToken } from './access-token.ts';
import { createToken, removeTokens, type CreateResult } from './edit-access-tokens.ts';
import type { AccessTokens } from './open-access-tokens.ts';

/** Someone with a session. */
export interface TokenOwner {
  readonly endpoint: string;
  /** BASIC: the user name; JWT: the text of the id claim. */
  readonly user: string;
  readonly userId: UserId;
  /** JWT: the claims that the session keeps. */
  readonly claims?: Claims | undefined;
  readonly sessionId: string;
}

/** A token as its owner sees it. */
export type ListedToken = Pick<AccessToken, 'id' | 'name' | 'createdAtMs' | 'expiresAtMs' | 'lastUsedAtMs'>;

export interface AccountTokensOptions {
  readonly tokens: AccessTokens;
  readonly revocations: Revocations;
  readonly audit: Audit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
  readonly maxLifetimeMs: () => number;
}

/** The access tokens of one user, for the account page. */
export interface AccountTokens {
  /** The newest first. */
  list(owner: TokenOwner): readonly ListedToken[];
  /** Whether everything of the user from that time was revoked: the token is still listed, but worth nothing. */
  isRevoked(owner: TokenOwner, token: ListedToken): boolean;
  /** The token's text is in the result and can never be shown again. @throws Error that names the file */
  create(owner: TokenOwner, wanted: { name: string; lifetimeMs: number }): Promise<CreateResult>;
  /** @returns false if the user has no such token @throws Error that names the file */
  revoke(owner: TokenOwner, id: string): Promise<boolean>;
}

function isOwn(token: AccessToken, { endpoint, userId }: TokenOwner): boolean {
  return token.endpoint === endpoint && token.userId === userId;
}

function refused(fault: string): CreateResult {
  return { kind: 'refused', fault };
}

export function createAccountTokens(options: AccountTokensOptions): AccountTokens {
  const { tokens, revocations, audit } = options;
  return {
    list: (owner) =>
      tokens.all
        .filter((token) => isOwn(token, owner))
        .map(({ id, name, createdAtMs, expiresAtMs, lastUsedAtMs }) => ({
          ...{ id, name, createdAtMs, expiresAtMs, lastUsedAtMs },
        }))
        .toSorted((one, other) => other.createdAtMs - one.createdAtMs),
    isRevoked: ({ endpoint, userId }, { id: sessionId, createdAtMs: issuedAtMs }) =>
      revocations.isRevoked({ endpoint, userId, sessionId, issuedAtMs }),
    async create({ sessionId, ...owner }, { name, lifetimeMs }) {
      if (sessionId.startsWith(TOKEN_ID_PREFIX))
        return refused('An access token cannot create access tokens: sign in first.');
      const most = options.maxLifetimeMs();
      if (!(lifetimeMs > 0 && lifetimeMs <= most))
        return refused(`An access token must expire within ${Math.floor(most / 86_400_000)} days.`);
      const { endpoint, user, userId, claims } = owner;
      const wanted = { endpoint, user, userId, claims, name, lifetimeMs };
      const result = await createToken(wanted, { ...options, change: tokens.change });
      if (result.kind === 'created') {
        const { id: tokenId, expiresAtMs } = result.token;
        const expires = new Date(expiresAtMs).toISOString();
        audit({ event: 'access-token-created', by: 'user', endpoint, userId, tokenId, name, expires });
      }
      return result;
    },
    async revoke(owner, id) {
      const [removed] = await removeTokens(tokens.change, (token) => token.id === id && isOwn(token, owner));
      if (removed === undefined) return false;
      const { endpoint, userId, name, expiresAtMs: untilMs } = removed;
      audit({ event: 'access-token-revoked', by: 'user', endpoint, userId, tokenId: id, name });
      // Closes its WebSockets.
      await revocations.revoke({ endpoint, userId, sessionId: id, untilMs });
      return true;
    },
  };
}
