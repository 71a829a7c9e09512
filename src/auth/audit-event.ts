import type { DenyReason } from './decision.ts';

/** Where an event came from; what is unknown is omitted. */
interface Origin {
  readonly endpoint?: string | undefined;
  /** The client's address. */
  readonly address?: string | undefined;
  /** `x-request-id`, as in Envoy's access log and on error pages. */
  readonly requestId?: string | undefined;
}

/**
 * Who acted: a user who has proved it, an identity provider, an operator on the service's machine, or one of them through the
 * shared file: a command, or another replica, whose own audit log says who.
 */
type Actor = 'user' | 'provider' | 'operator' | 'file';

/** How a session was started: with the sign-in page, at an OpenID provider, or with a link that carries a token. */
type SignInWay = 'page' | 'oidc' | 'link';

/**
 * What the audit log records. `user` is the name of a user who has proved it, never the text of a failed sign-in. Passwords,
 * tokens, cookies and full session ids have no place here: `sessionId` and `tokenId` name a session or token without
 * granting anything.
 */
export type AuditEvent = Origin &
  (
    | {
        readonly event: 'signed-in';
        readonly way: SignInWay;
        readonly user: string;
        readonly userId: string;
        readonly sessionId: string;
      }
    | {
        readonly event: 'signed-out';
        readonly by: Actor;
        readonly user?: string | undefined;
        readonly sessionId?: string | undefined;
      }
    /** A sign-in on the portal. */
    | { readonly event: 'sign-in-refused'; readonly way: SignInWay; readonly reason: string }
    /** A request with credentials that were not accepted; requests without credentials are only in the log. */
    | {
        readonly event: 'request-refused';
        readonly reason: DenyReason;
        readonly user?: string | undefined;
      }
    | {
        readonly event: 'revoked';
        readonly by: Actor;
        /** The user who acted, if it was one. */
        readonly user?: string | undefined;
        /** Whose credentials were revoked. */
        readonly userId?: string | undefined;
        readonly sessionId?: string | undefined;
        /** Credentials issued before this time (ISO 8601) were revoked. */
        readonly issuedBefore?: string | undefined;
      }
    | {
        readonly event: 'access-token-created' | 'access-token-revoked';
        readonly by: Actor;
        readonly userId: string;
        readonly tokenId: string;
        readonly name: string;
        /** ISO 8601 */
        readonly expires?: string | undefined;
      }
    /** An operator's account of the console; `user` is its name. */
    | {
        readonly event: 'console-signed-in' | 'console-account-set';
        readonly user: string;
        readonly role: string;
      }
    | { readonly event: 'console-signed-out'; readonly user: string }
    /** A request to the console that was refused; `user` if someone was signed in. */
    | { readonly event: 'console-refused'; readonly reason: string; readonly user?: string | undefined }
    /** A change that an operator made in the console: what, without secrets, and why. */
    | {
        readonly event: 'console-changed';
        readonly user: string;
        readonly what: string;
        readonly why?: string | undefined;
      }
    | { readonly event: 'configuration-applied'; readonly revision: string }
    | { readonly event: 'configuration-rejected'; readonly errors: number }
  );

/** Records an event. Never throws, and never waits for a disk. */
export type Audit = (event: AuditEvent) => void;
