import { createHash } from 'node:crypto';
import { changeSharedFile, readSharedFile } from '../files/shared-file.ts';
import { accountsCodec, type Account, type Accounts, type Role, type SetupLink } from './accounts-codec.ts';

export interface AccountsOptions {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly randomBytes: (count: number) => Buffer;
}

/** The accounts of the console, in a file that other processes change too; it is read each time. */
export interface AccountStore {
  /** @throws Error that names the file if it is unusable */
  list(): readonly Account[];
  /** Makes a one-time link; earlier ones for the same purpose end. @returns the secret of the link */
  createLink(link: { role: Role; account?: string | undefined }): Promise<string>;
  /** The unused, unexpired link with this secret. */
  findLink(secret: string): SetupLink | undefined;
  /** Uses a link up. Of several at once, one succeeds. */
  redeem(secret: string, account: { name: string; password: string }): Promise<RedeemResult>;
}

type RedeemResult =
  { readonly kind: 'done'; readonly account: Account } | { readonly kind: 'no-link' | 'name-taken' };

/** How long a link is valid. */
const LINK_MS = 30 * 60_000;

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function withAccount(accounts: readonly Account[], account: Account): Account[] {
  return [...accounts.filter(({ name }) => name !== account.name), account];
}

export function openAccounts({ path, now, randomBytes }: AccountsOptions): AccountStore {
  const file = { path, codec: accountsCodec };
  const read = (): Accounts => readSharedFile(path, accountsCodec);
  const valid = ({ links }: Accounts): SetupLink[] => {
    const nowMs = now();
    // A link from the future means that the clock was set back: its half hour cannot be measured.
    return links.filter(({ expiresAtMs }) => expiresAtMs > nowMs && expiresAtMs <= nowMs + LINK_MS);
  };
  const linkOf = (state: Accounts, secret: string): SetupLink | undefined =>
    valid(state).find(({ digest }) => digest === digestOf(secret));

  return {
    list: () => read().accounts,
    async createLink({ role, account }) {
      const secret = randomBytes(32).toString('base64url');
      const link = { digest: digestOf(secret), role, account, expiresAtMs: now() + LINK_MS };
      await changeSharedFile(file, (state) => ({
        ...state,
        links: [...valid(state).filter((one) => one.role !== role || one.account !== account), link],
      }));
      return secret;
    },
    findLink: (secret) => linkOf(read(), secret),
    async redeem(secret, { name, password }) {
      let result: RedeemResult = { kind: 'no-link' };
      await changeSharedFile(file, (state) => {
        const link = linkOf(state, secret);
        if (link === undefined) return undefined;
        const isTaken = state.accounts.some((one) => one.name === name);
        if (link.account === undefined ? isTaken : link.account !== name) {
          result = { kind: 'name-taken' };
          return undefined;
        }
        const account = { name, role: link.role, password };
        result = { kind: 'done', account };
        return {
          accounts: withAccount(state.accounts, account),
          links: state.links.filter((one) => one !== link),
        };
      });
      return result;
    },
  };
}
