import { DENIALS, type Deny, type Unavailable } from '../auth/decision.ts';
import { header, type HeaderField, type RequestHead } from '../http/request-head.ts';
import { requestId } from '../http/request-id.ts';
import { errorPage, RETRY_SECONDS } from '../pages/error-page.ts';
import { languageOf } from '../pages/language.ts';
import type { Site } from '../pages/page.ts';
import { isFromPage } from './browser-request.ts';
import { encodeDenied } from './check-response.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';
import { signInRedirect } from './sign-in.ts';

const UNAVAILABLE = { status: 503, code: 'unavailable' } as const;
const RETRY_AFTER_SECONDS = 2;

/** All that a client learns, unless an access rule says why. The reason is in the log and the metrics. */
const MESSAGES = {
  unauthenticated: 'Authentication required: credentials are missing, invalid or expired.',
  forbidden: 'Access denied.',
  'too-many-failures': 'Too many failed attempts. Try again later.',
  malformed: 'Malformed or ambiguous request.',
  unavailable: 'Authentication is temporarily unavailable. Try again in a few seconds.',
} as const;

function wantsHtml(request: RequestHead | undefined): boolean {
  return request !== undefined && /text\/html/i.test(header(request, 'accept') ?? '');
}

interface Content {
  readonly html: boolean;
  readonly status: number;
  readonly code: keyof typeof MESSAGES;
  /** What an access rule says. */
  readonly why: string | undefined;
  /** Seconds until another attempt is possible. */
  readonly waitSeconds: number | undefined;
}

export interface DeniedRequest {
  /** Undefined if it could not be decoded. */
  readonly request?: RequestHead | undefined;
  readonly endpoint?: GuardedEndpoint | undefined;
  /** What error pages show. */
  readonly site: Site;
}

function contentOf(decision: Deny | Unavailable, request: RequestHead | undefined): Content {
  const { status, code } = decision.kind === 'deny' ? DENIALS[decision.reason] : UNAVAILABLE;
  const waits = status === 503 || status === 429;
  return {
    html: wantsHtml(request),
    status,
    code,
    why: decision.kind === 'deny' ? decision.rule?.why : undefined,
    waitSeconds: waits ? (decision.retryAfterSeconds ?? RETRY_AFTER_SECONDS) : undefined,
  };
}

/** A page for browsers, or JSON. The reason of a 401 is part of neither. */
function bodyOf({ html, code, why, waitSeconds }: Content, { request, site }: DeniedRequest): string {
  const id = requestId(request) ?? '-';
  if (!html) return JSON.stringify({ error: { code, message: why ?? MESSAGES[code], requestId: id } });
  const language = languageOf(request === undefined ? undefined : header(request, 'accept-language'));
  const wait = code === 'too-many-failures' ? waitSeconds : undefined;
  return errorPage({ kind: code, language, site, waitSeconds: wait, why }, id);
}

/** Programs are challenged, and browsers where they sign in with their own dialog. */
function isChallenged(
  request: RequestHead | undefined,
  endpoint: GuardedEndpoint | undefined,
): endpoint is GuardedEndpoint {
  if (request === undefined || endpoint === undefined) return false;
  return endpoint.signIn === undefined || !isFromPage(request);
}

function headersOf({ html, status, waitSeconds }: Content, challenge: string | undefined): HeaderField[] {
  const headers: HeaderField[] = [
    ['content-type', html ? 'text/html; charset=utf-8' : 'application/json'],
    ['cache-control', 'no-store'],
  ];
  if (status === 401 && challenge !== undefined) headers.push(['www-authenticate', challenge]);
  if (waitSeconds !== undefined) headers.push(['retry-after', String(waitSeconds)]);
  if (status === 503 && html) headers.push(['refresh', String(Math.max(RETRY_SECONDS, waitSeconds ?? 0))]);
  return headers;
}

/** Encodes the CheckResponse that denies a request, or sends a browser to sign in. */
export function encodeDeniedResponse(decision: Deny | Unavailable, denied: DeniedRequest): Uint8Array {
  const { request, endpoint } = denied;
  const redirected =
    decision.kind === 'deny' ? signInRedirect(decision.reason, request, endpoint) : undefined;
  if (redirected !== undefined) return redirected;
  const content = contentOf(decision, request);
  const metadata: HeaderField[] = [['reason', decision.kind === 'deny' ? decision.reason : 'unavailable']];
  if (endpoint !== undefined) metadata.push(['endpoint', endpoint.name], ['method', endpoint.method.name]);
  const challenge = isChallenged(request, endpoint) ? endpoint.method.challenge : undefined;
  const headers = headersOf(content, challenge);
  return encodeDenied({ status: content.status, headers, body: bodyOf(content, denied), metadata });
}
