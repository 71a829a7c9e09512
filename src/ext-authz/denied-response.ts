import { DENIALS, type Deny, type Unavailable } from '../auth/decision.ts';
import { header, type HeaderField, type RequestHead } from '../http/request-head.ts';
import { requestId } from '../http/request-id.ts';
import { encodeDenied } from './check-response.ts';
import type { GuardedEndpoint } from './endpoint-router.ts';

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
  return request !== undefined && (header(request, 'accept')?.includes('text/html') ?? false);
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function html(message: string, id: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\
<title>ComfyUI</title><body style="font:16px/1.5 system-ui;max-width:32em;margin:20vh auto;padding:0 1em">\
<h1 style="font-size:1.3em">${escaped(message)}</h1><p><small>Request ${id}</small></body></html>`;
}

/** The body with `code`, `message` and `requestId`, and its content type: HTML for browsers, else JSON. */
function content(
  { code, message }: { code: keyof typeof MESSAGES; message: string },
  request: RequestHead | undefined,
): { type: string; body: string } {
  const id = requestId(request) ?? '-';
  if (wantsHtml(request)) return { type: 'text/html; charset=utf-8', body: html(message, id) };
  return { type: 'application/json', body: JSON.stringify({ error: { code, message, requestId: id } }) };
}

/**
 * Encodes the CheckResponse that denies a request.
 *
 * @param request undefined if it could not be decoded
 */
export function encodeDeniedResponse(
  decision: Deny | Unavailable,
  request?: RequestHead,
  endpoint?: GuardedEndpoint,
): Uint8Array {
  const { status, code } = decision.kind === 'deny' ? DENIALS[decision.reason] : UNAVAILABLE;
  const why = decision.kind === 'deny' ? decision.rule?.why : undefined;
  const { type, body } = content({ code, message: why ?? MESSAGES[code] }, request);
  const headers: HeaderField[] = [
    ['content-type', type],
    ['cache-control', 'no-store'],
  ];
  if (status === 401 && endpoint !== undefined) headers.push(['www-authenticate', endpoint.method.challenge]);
  if (status === 503 || status === 429) {
    headers.push(['retry-after', String(decision.retryAfterSeconds ?? RETRY_AFTER_SECONDS)]);
  }
  const metadata: HeaderField[] = [['reason', decision.kind === 'deny' ? decision.reason : 'unavailable']];
  if (endpoint !== undefined) metadata.push(['endpoint', endpoint.name], ['method', endpoint.method.name]);
  return encodeDenied({ status, headers, body, metadata });
}
