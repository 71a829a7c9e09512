type Key = Readonly<Record<string, unknown>>;

export interface ImportedKeys {
  readonly keys: readonly Key[];
  /** Only for shared secrets, which must be enabled explicitly. */
  readonly algorithms: readonly string[] | undefined;
}

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];
const SHARED = ['HS256', 'HS384', 'HS512'];

function isKey(value: unknown): value is Key {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function publicPart(key: Key, place: string, remarks: string[]): Key {
  const secret = key['kty'] !== 'oct' && PRIVATE.some((member) => member in key);
  if (!secret) return key;
  remarks.push(
    `${place} is a private key: only its public part is imported; treat the key as compromised and replace it`,
  );
  return Object.fromEntries(Object.entries(key).filter(([member]) => !PRIVATE.includes(member)));
}

/** Imports the public parts of the keys; undefined if there are none. */
export function readJwks(
  jwks: Readonly<Record<string, unknown>>,
  remarks: string[],
): ImportedKeys | undefined {
  const all: unknown[] = Array.isArray(jwks['keys']) ? jwks['keys'] : [];
  const keys = all.filter(isKey);
  if (keys.length === 0) {
    remarks.push('there are neither jwks with keys nor users: there is nothing to import');
    return undefined;
  }
  const open = keys.map((key, index) => publicPart(key, `jwks.keys[${index}]`, remarks));
  const shared = open.filter(({ kty }) => kty === 'oct');
  const asymmetric = open.filter(({ kty }) => kty !== 'oct');
  if (shared.length === 0) return { keys: asymmetric, algorithms: undefined };
  if (asymmetric.length > 0) {
    remarks.push(
      'jwks mixes shared secrets (kty oct) with public keys: the secrets are skipped, because one could be confused with the other',
    );
    return { keys: asymmetric, algorithms: undefined };
  }
  remarks.push(
    'jwks contains shared secrets (HS*): anyone who can verify can also sign, so prefer public keys',
  );
  const named = SHARED.filter((name) => shared.some(({ alg }) => alg === name));
  return { keys: shared, algorithms: named.length === 0 ? ['HS256'] : named };
}
