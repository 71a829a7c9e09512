import type { Context } from 'hono';
import type { Language } from '../pages/language.ts';
import { endpointOf, type OidcOptions } from './oidc-endpoint.ts';
import { languageFor, showPage, type OidcPage } from './oidc-page.ts';
import { PROBLEMS, type Problem, type SignInError } from './problem.ts';
import { TEXTS } from './texts.ts';

/** The address at which a sign-in begins. */
export function startUrl(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return `/_auth/oidc/start${search === '' ? '' : `?${search}`}`;
}

/** A new attempt is pointless for these. */
const FINAL: ReadonlySet<Problem> = new Set(['address-unknown', 'not-configured']);
/** The same account would fail again. */
const ACCOUNT: ReadonlySet<Problem> = new Set(['access-denied', 'token-refused', 'user-refused']);

export interface Attempt {
  readonly issuer: string | undefined;
  readonly next: string | undefined;
}

function linksFor(problem: Problem, { issuer, next }: Attempt, language: Language): OidcPage['links'] {
  if (FINAL.has(problem)) return [];
  const texts = TEXTS[language];
  const again = { iss: issuer, next: next === '/' ? undefined : next };
  return ACCOUNT.has(problem)
    ? [{ url: startUrl({ ...again, prompt: 'select_account' }), label: texts.otherAccount }]
    : [{ url: startUrl(again), label: texts.retry }];
}

/** Reports why a sign-in failed, and shows a page with a link to try again. */
export async function showProblem(
  context: Context,
  error: SignInError,
  { attempt, options }: { readonly attempt: Attempt; readonly options: OidcOptions },
): Promise<Response> {
  const { problem } = error;
  const language = languageFor(context);
  options.onFailure({
    endpoint: endpointOf(context),
    issuer: attempt.issuer,
    requestId: context.req.header('x-request-id'),
    error,
  });
  const links = linksFor(problem, attempt, language);
  const page = { ...TEXTS[language].problems[problem], status: PROBLEMS[problem], links };
  return showPage(context, page, options.site());
}
