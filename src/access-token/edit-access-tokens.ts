import type { Claims } from '../auth/claims.ts';
import type { UserId } from '../auth/user-id.ts';
import { changeSharedFile } from '../files/shared-file.ts';
import { TOKEN_ID_PREFIX, type AccessToken } from './access-token.ts';
import { accessTokensCodec } from './access-tokens-codec.ts';
import { makeTokenText, tokenDigest } from './token-text.ts';

/** Changes the stored tokens, with the file locked. @returns whether something was changed */
export type ChangeTokens = (
  edit: (tokens: readonly AccessToken[]) => readonly AccessToken[] | undefined,
) => Promise<boolean>;

export interface NewToken {
  readonly name: string;
  readonly endpoint: string;
  readonly user: string;
  readonly userId: UserId;
  readonly claims?: Claims | undefined;
  readonly lifetimeMs: number;
}

export interface Environment {
  readonly change: ChangeTokens;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (size: number) => Buffer;
}

export const DEFAULT_LIFETIME_MS = 90 * 86_400_000;
const MAX_NAME = 60;
const MAX_PER_USER = 100;
/** How long expired tokens stay in lists. */
const LISTED_MS = 30 * 86_400_000;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Changes the file without following it, for commands. */
export function changeTokensIn(path: string): ChangeTokens {
  return async (edit) => (await changeSharedFile({ path, codec: accessTokensCodec }, edit)) !== undefined;
}

function hasOwner(token: AccessToken, { endpoint, userId }: Pick<NewToken, 'endpoint' | 'userId'>): boolean {
  return token.endpoint === endpoint && token.userId === userId;
}

/** Why a name cannot be used; undefined if it can. */
function tokenNameFault(name: string): string | undefined {
  const isFine = name.trim() === name && name !== '' && name.length <= MAX_NAME && !CONTROL.test(name);
  return isFine ? undefined : `must be 1 to ${MAX_NAME} characters, such as "render script"`;
}

export type CreateResult =
  | { readonly kind: 'created'; readonly token: AccessToken; readonly text: string }
  | { readonly kind: 'refused'; readonly fault: string };

/**
 * Creates a token. Its text is returned once and stored nowhere.
 *
 * @throws Error that names the file; then nothing was changed
 */
export async function createToken(wanted: NewToken, environment: Environment): Promise<CreateResult> {
  const { change, now, randomBytes } = environment;
  const { lifetimeMs, ...owner } = wanted;
  const nameFault = tokenNameFault(wanted.name);
  if (nameFault !== undefined) return { kind: 'refused', fault: `The name ${nameFault}.` };
  const text = makeTokenText(randomBytes);
  const createdAtMs = now();
  const token: AccessToken = {
    ...owner,
    id: TOKEN_ID_PREFIX + randomBytes(9).toString('base64url'),
    digest: tokenDigest(text),
    createdAtMs,
    expiresAtMs: createdAtMs + lifetimeMs,
  };
  let fault: string | undefined;
  await change((tokens) => {
    const kept = tokens.filter(({ expiresAtMs }) => expiresAtMs + LISTED_MS > createdAtMs);
    const own = kept.filter((one) => hasOwner(one, wanted));
    if (own.some(({ name }) => name === wanted.name))
      fault = `There is already an access token with the name ${wanted.name}: choose another, or revoke that one.`;
    else if (own.length >= MAX_PER_USER)
      fault = `There are already ${MAX_PER_USER} access tokens: revoke some.`;
    return fault === undefined ? [...kept, token] : undefined;
  });
  return fault === undefined ? { kind: 'created', token, text } : { kind: 'refused', fault };
}

/** Removes the tokens that match. @returns those removed @throws Error that names the file; then nothing was changed */
export async function removeTokens(
  change: ChangeTokens,
  matches: (token: AccessToken) => boolean,
): Promise<readonly AccessToken[]> {
  let removed: readonly AccessToken[] = [];
  await change((tokens) => {
    removed = tokens.filter(matches);
    return removed.length === 0 ? undefined : tokens.filter((one) => !removed.includes(one));
  });
  return removed;
}
