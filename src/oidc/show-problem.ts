import type { Context } from 'hono';
import { endpointOf, type OidcOptions, type OidcPage } from './oidc-endpoint.ts';
import { PROBLEMS, type Problem, type SignInError } from './problem.ts';
import { TEXTS, type Language } from './texts.ts';

/** Chinese if the browser prefers it to English. */
export function languageOf(context: Context): Language {
  const wanted = (context.req.header('accept-language') ?? '').toLowerCase().split(',');
  const first = wanted.find((one) => /^\s*(?:en|zh)\b/.test(one));
  return first?.trim().startsWith('zh') === true ? 'zh' : 'en';
}

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
  const language = languageOf(context);
  options.onFailure({
    endpoint: endpointOf(context),
    issuer: attempt.issuer,
    requestId: context.req.header('x-request-id'),
    error,
  });
  return options.showPage(context, {
    ...TEXTS[language].problems[problem],
    status: PROBLEMS[problem],
    language,
    links: linksFor(problem, attempt, language),
  });
}
