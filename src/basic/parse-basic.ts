const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const SCHEME = /^([A-Za-z]+)(?: +(.*))?$/;
// RFC 7617 §2: neither may contain control characters.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

export type BasicCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'refused';
      readonly reason: 'credentials-malformed' | 'credentials-ambiguous' | 'scheme-unsupported';
    };

function refused(
  reason: 'credentials-malformed' | 'credentials-ambiguous' | 'scheme-unsupported',
): BasicCredentials {
  return { kind: 'refused', reason };
}

function decodeUtf8(base64: string): string | undefined {
  try {
    const binary = atob(base64);
    // Non-zero padding bits would allow several encodings of the same pair.
    if (btoa(binary).replaceAll('=', '') !== base64.replaceAll('=', '')) return undefined;
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // Not UTF-8: the caller reports it as malformed.
  }
}

/**
 * Parses the value of `Authorization` as Basic credentials (RFC 7617) in UTF-8, strictly. A comma means that Envoy joined
 * two header lines, which is ambiguous.
 */
export function parseBasic(authorization: string): BasicCredentials {
  if (authorization.includes(',')) return refused('credentials-ambiguous');
  const [, scheme, token] = SCHEME.exec(authorization.trim()) ?? [];
  if (scheme === undefined) return refused('credentials-malformed');
  if (scheme.toLowerCase() !== 'basic') return refused('scheme-unsupported');
  if (token === undefined || !CANONICAL_BASE64.test(token)) return refused('credentials-malformed');
  return splitPair(decodeUtf8(token));
}

function splitPair(pair: string | undefined): BasicCredentials {
  if (pair === undefined || CONTROL.test(pair)) return refused('credentials-malformed');
  const colon = pair.indexOf(':');
  if (colon < 1) return refused('credentials-malformed');
  return { kind: 'basic', username: pair.slice(0, colon), password: pair.slice(colon + 1) };
}
