/** Everything that can end a sign-in, with the status of its page. */
export const PROBLEMS = {
  /** The browser has no sign-in with this state: another browser, cookies off, a bookmark, or it was finished. */
  'transaction-missing': 400,
  'transaction-expired': 400,
  'transaction-used': 400,
  /** The provider's response does not belong to this sign-in, or is malformed. */
  'response-invalid': 400,
  /** The provider no longer accepts the code: it was used before, or is too old. */
  'code-refused': 400,
  'access-denied': 403,
  /** The token is not acceptable by the rules of the issuer. */
  'token-refused': 403,
  'clock-wrong': 502,
  /** Signed in at the provider, but not usable here. */
  'user-refused': 403,
  'provider-error': 502,
  'provider-invalid': 502,
  'provider-unavailable': 503,
  /** The request's host is not one of the configured addresses. */
  'address-unknown': 421,
  'not-configured': 404,
} as const satisfies Record<string, 400 | 403 | 404 | 421 | 502 | 503>;

export type Problem = keyof typeof PROBLEMS;

/** Why a sign-in cannot go on. */
export class SignInError extends Error {
  readonly problem: Problem;

  /** @param message for the log; contains no secrets */
  constructor(problem: Problem, message: string) {
    super(message);
    this.name = 'SignInError';
    this.problem = problem;
  }
}
