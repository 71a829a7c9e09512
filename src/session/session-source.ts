import type { Claims } from '../auth/claims.ts';
import type { Decision } from '../auth/decision.ts';
import type { Session } from './session.ts';

/** What an endpoint's own method knows about the users of sessions. */
export interface SessionSource {
  /** The identity that a session stands for now; a denial if its user or issuer is no longer accepted. */
  identify(session: Session): Decision;
  /** What the cookie holds besides the user name; made again when the cookie is renewed. */
  contentOf(signedIn: {
    readonly user: string;
    readonly claims?: Claims | undefined;
  }): Pick<Session, 'passwordTag' | 'claims'>;
}
