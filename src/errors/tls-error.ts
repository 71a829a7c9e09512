type Explanation = readonly [rule: string, remedy: string];

const TRUST = 'set NODE_EXTRA_CA_CERTS to a PEM file with that authority and start again';
const CHAIN =
  'make the server send its intermediate certificates too, or set NODE_EXTRA_CA_CERTS to a PEM file with them';
const CLOCK = "check this machine's clock too";

/** Codes of OpenSSL's verification and of Node's TLS sockets (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [
    'its certificate is self-signed, so it is not trusted',
    'set NODE_EXTRA_CA_CERTS to a PEM file with that certificate and start again',
  ],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate comes from an unknown certificate authority', TRUST],
  UNABLE_TO_GET_ISSUER_CERT: ['its certificate comes from an unknown certificate authority', TRUST],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its certificate comes from an unknown certificate authority', TRUST],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['the issuer of its certificate is unknown', `${CHAIN}; ${TRUST}`],
  CERT_UNTRUSTED: ['its certificate authority is not trusted for servers', TRUST],
  CERT_REJECTED: ['its certificate authority is not trusted for servers', TRUST],
  CERT_HAS_EXPIRED: ['its certificate has expired', `renew it on the server; ${CLOCK}`],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', `check the clocks of both machines`],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    'its certificate is for another host name',
    'use a name that is in the certificate, or issue one for this name',
  ],
  HOSTNAME_MISMATCH: [
    'its certificate is for another host name',
    'use a name that is in the certificate, or issue one for this name',
  ],
  CERT_REVOKED: ['its certificate was revoked', 'replace it on the server'],
  CERT_SIGNATURE_FAILURE: [
    'the signature of its certificate is wrong',
    'replace the certificate on the server',
  ],
  CERT_CHAIN_TOO_LONG: ['its certificate chain is too long', 'send fewer intermediate certificates'],
  INVALID_CA: [
    'a certificate in its chain is not a certificate authority',
    'correct the chain on the server',
  ],
  INVALID_PURPOSE: ['its certificate is not for servers', 'issue one with extendedKeyUsage serverAuth'],
  PATH_LENGTH_EXCEEDED: ['its certificate chain is too long', 'send fewer intermediate certificates'],
  EE_KEY_TOO_SMALL: ['the key of its certificate is too short', 'issue one with RSA 2048 or P-256'],
  CA_KEY_TOO_SMALL: ['the key of its certificate authority is too short', 'use RSA 2048 or P-256'],
  CA_MD_TOO_WEAK: ['its certificate is signed with a weak hash', 'issue one signed with SHA-256'],
};

const PLAIN_HTTP = /wrong version number|packet length too long|http request/i;
const CLIENT_CERTIFICATE = /certificate required|alert bad certificate/i;
const HANDSHAKE = /^(EPROTO|ERR_SSL_|ERR_TLS_)/;

function explainHandshake(code: string, message: string): Explanation | undefined {
  if (!HANDSHAKE.test(code)) return undefined;
  const text = `${code.replaceAll('_', ' ')} ${message}`;
  if (PLAIN_HTTP.test(text)) return ['it does not speak TLS on that port', 'use http:// or the TLS port'];
  if (CLIENT_CERTIFICATE.test(text))
    return ['it asks for a client certificate', 'use an address that does not require one'];
  return ['the TLS handshake failed', 'check that the server offers TLS 1.2 or 1.3 for this host name'];
}

/** The names in a certificate that lacks the requested one. */
function namesIn(error: Error): string {
  const names = (error as { cert?: { subjectaltname?: string } }).cert?.subjectaltname;
  return names === undefined ? '' : ` (it has ${names.replaceAll(/(DNS|IP Address):/g, '').slice(0, 200)})`;
}

/**
 * Explains a TLS error with a fix; the text follows the server's name. Undefined for any other error.
 *
 * @param error of a socket: for `fetch`, the cause of what it throws
 */
export function explainTlsError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const found = Object.hasOwn(EXPLANATIONS, code) ? EXPLANATIONS[code] : explainHandshake(code, message);
  return found && `TLS: ${found[0]}${namesIn(error)} (${code}); ${found[1]}`;
}
