import type { Language } from '../pages/language.ts';
import type { RequestHead } from '../http/request-head.ts';
import type { ConsoleUser } from './console-sessions.ts';
import type { ConsoleTexts } from './texts.ts';

/** A request to the console that passed the guard. */
export interface ConsoleVisit {
  readonly request: RequestHead;
  readonly language: Language;
  readonly texts: ConsoleTexts;
  /** Undefined on the pages before sign-in. */
  readonly user: ConsoleUser | undefined;
  /** The cookie of the session; empty before sign-in. */
  readonly cookie: string;
  /** Proves that a form comes from this page in this browser. */
  readonly formToken: string;
}
