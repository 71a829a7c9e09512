import { DENIALS, type Deny, type Unavailable } from '../auth/decision.ts';
import { header, type HeaderField, type RequestHead } from '../http/request-head.ts';
import { requestId } from '../http/request-id.ts';
import { errorPage, RETRY_SECONDS } from '../pages/error-page.ts';
import { languageOf } from '../pages/language.ts';
import type { Site } from '../pages/page.ts';
import { encodeDenied } from './check-response.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';

const UNAVAILABLE = { status: 503, code: 'unavailable' } as const;
const RETRY_AFTER_SECONDS = 2;

/** All that a client learns. The reason is in the log and the metrics. */
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
  /** Seconds until another attempt is possible. */
  readonly waitSeconds: number | undefined;
}

/** A page for browsers. The reason of a 401 is not part of it. */
function page({ code, waitSeconds }: Content, request: RequestHead | undefined, site: Site): string {
  const language = languageOf(request === undefined ? undefined : header(request, 'accept-language'));
  const wait = code === 'too-many-failures' ? waitSeconds : undefined;
  return errorPage({ kind: code, language, site, waitSeconds: wait }, requestId(request) ?? '-');
}

function json({ code }: Content, request: RequestHead | undefined): string {
  const id = requestId(request) ?? '-';
  return JSON.stringify({
    error: { code, message: MESSAGES[code], requestId: id },
  });
}

export interface DeniedRequest {
  /** Undefined if it could not be decoded. */
  readonly request?: RequestHead | undefined;
  readonly endpoint?: GuardedEndpoint | undefined;
  readonly site: Site;
}

function headersOf(content: Content, challenge: string | undefined): HeaderField[] {
  const { html, status, waitSeconds } = content;
  const headers: HeaderField[] = [
    ['content-type', html ? 'text/html; charset=utf-8' : 'application/json'],
    ['cache-control', 'no-store'],
  ];
  if (status === 401 && challenge !== undefined) headers.push(['www-authenticate', challenge]);
  if (waitSeconds !== undefined) headers.push(['retry-after', String(waitSeconds)]);
  if (status === 503 && html) headers.push(['refresh', String(Math.max(RETRY_SECONDS, waitSeconds ?? 0))]);
  return headers;
}

/** Encodes the CheckResponse that denies a request: a page for browsers, JSON for others. */
export function encodeDeniedResponse(
  decision: Deny | Unavailable,
  { request, endpoint, site }: DeniedRequest,
): Uint8Array {
  const { status, code } = decision.kind === 'deny' ? DENIALS[decision.reason] : UNAVAILABLE;
  const waits = status === 503 || status === 429;
  const waitSeconds = waits ? (decision.retryAfterSeconds ?? RETRY_AFTER_SECONDS) : undefined;
  const content: Content = { status, code, waitSeconds, html: wantsHtml(request) };
  const metadata: HeaderField[] = [['reason', decision.kind === 'deny' ? decision.reason : 'unavailable']];
  if (endpoint !== undefined) metadata.push(['endpoint', endpoint.name], ['method', endpoint.method.name]);
  return encodeDenied({
    status,
    headers: headersOf(content, endpoint?.method.challenge),
    body: content.html ? page(content, request, site) : json(content, request),
    metadata,
  });
}
