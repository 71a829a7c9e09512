import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { ASYMMETRIC, usableKeys } from './usable-keys.ts';
import type { ConfigPath } from '../config-file/diagnostics.ts';
import type { Issuer, JwksSource } from './issuer-schema.ts';
import type { RuleContext } from '../config-file/rule-context.ts';

type Local = Exclude<JwksSource, { url: string } | { discover: true }>;
type Key = Readonly<Record<string, unknown>>;

/** Members that only private keys have (RFC 7518 §6.2.2, §6.3.2; RFC 8037 §2). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];
const MIN_RSA_BITS = 2048;

function isKey(key: unknown): key is Key {
  return typeof key === 'object' && key !== null && !Array.isArray(key);
}

function isForOtherUse({ use, key_ops: operations }: Key): boolean {
  return (
    (use !== undefined && use !== 'sig') || (Array.isArray(operations) && !operations.includes('verify'))
  );
}

function publicKeyFault(key: Key): string | undefined {
  if (PRIVATE.some((member) => key[member] !== undefined))
    return 'is a private key: anyone who can read it could sign tokens; keep the public part only (without d, p, q, dp, dq, qi)';
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    const bits = asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && bits < MIN_RSA_BITS)
      return `is too weak: an RSA key of ${bits} bits, at least ${MIN_RSA_BITS} are required`;
    return undefined;
  } catch {
    return 'is not a valid key: kty must be RSA, EC or OKP with the members of RFC 7518';
  }
}

function secretFault(rules: Issuer): string | undefined {
  const named = rules.algorithms?.some((name) => name.startsWith('HS')) === true;
  return named
    ? undefined
    : 'is a shared secret (kty oct): add HS256, HS384 or HS512 to algorithms if that is intended';
}

function keyFault(key: unknown, rules: Issuer): string | undefined {
  if (!isKey(key) || typeof key['kty'] !== 'string') return 'is not a key: it must have kty';
  if (key['kid'] !== undefined && typeof key['kid'] !== 'string') return 'has a kid that is not text';
  if (isForOtherUse(key)) return undefined;
  return key['kty'] === 'oct' ? secretFault(rules) : publicKeyFault(key);
}

function kidOf({ kid, kty }: Key): string | undefined {
  return typeof kid === 'string' && kid !== '' && typeof kty === 'string' ? `${kid} (${kty})` : undefined;
}

/** Errors of the set as a whole: every token must select exactly one key. */
function ambiguities(keys: readonly unknown[]): string[] {
  const kids = keys.filter((key): key is Key => isKey(key) && !isForOtherUse(key)).map(kidOf);
  const twice = new Set(kids.filter((kid, index) => kid !== undefined && kids.indexOf(kid) < index));
  const nameless = kids.filter((kid) => kid === undefined).length;
  return [
    ...(nameless > 1
      ? [`has ${nameless} keys without kid: only one may omit it, give the others a kid`]
      : []),
    ...[...twice].map((kid) => `has two keys with kid ${kid ?? ''}: every key needs a different kid`),
  ];
}

function parseJson(text: string): { readonly json: unknown } | { readonly fault: string } {
  if (text.includes('-----BEGIN'))
    return { fault: 'is PEM, not a JWKS: convert the key or certificate to {"keys": […]} (RFC 7517)' };
  try {
    return { json: JSON.parse(text) };
  } catch {
    return { fault: 'is not JSON: it must be a JWKS, {"keys": […]} (RFC 7517)' };
  }
}

interface Place {
  readonly path: ConfigPath;
  /** Message prefix, before `keys[0]`. */
  readonly keys: string;
}

function setFaults(keys: readonly unknown[], rules: Issuer): string[] {
  const single = keys.flatMap((key, index) => {
    const fault = keyFault(key, rules);
    return fault === undefined ? [] : [`keys[${index}] ${fault}`];
  });
  return [...single, ...ambiguities(keys)];
}

function checkSet(json: unknown, rules: Issuer, context: RuleContext & { place: Place }): void {
  const { diagnostics, place } = context;
  const keys: unknown = (json as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length === 0) {
    diagnostics.fault(
      place.path,
      `${place.keys}is not a JWKS: it must have a list "keys" with at least one key`,
    );
    return;
  }
  const faults = setFaults(keys, rules);
  for (const fault of faults) diagnostics.fault(place.path, place.keys + fault);
  if (faults.length > 0) return;
  const { jwks, skipped } = usableKeys(json, rules.algorithms ?? ASYMMETRIC);
  if (jwks.keys.length === 0) {
    diagnostics.fault(
      place.path,
      `${place.keys}has no key for the algorithms of this issuer: ${skipped.join('; ')}`,
    );
  } else {
    for (const why of skipped) diagnostics.warn(place.path, `${place.keys}${why}: left out`);
  }
}

/** Checks keys in the configuration or in a file that it names. Returns the parsed JWKS, also if it has errors. */
export function checkJwks(rules: Issuer, jwks: Local, context: RuleContext): unknown {
  const { files, diagnostics } = context;
  const path = [...context.path, 'jwks'];
  if ('keys' in jwks) {
    checkSet(jwks, rules, { ...context, place: { path, keys: '' } });
    return jwks;
  }
  const file = files.shown(jwks.file);
  const at = [...path, 'file'];
  const read = files.read(jwks.file);
  if (!read.ok) {
    diagnostics.fault(at, `${file} ${read.fault}`);
    return undefined;
  }
  const parsed = parseJson(read.text);
  if ('fault' in parsed) {
    diagnostics.fault(at, `${file} ${parsed.fault}`);
    return undefined;
  }
  checkSet(parsed.json, rules, { ...context, place: { path: at, keys: `${file} ` } });
  return parsed.json;
}
