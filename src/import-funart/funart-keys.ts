type Key = Readonly<Record<string, unknown>>;

export interface ImportedKeys {
  readonly keys: readonly Key[];
  /** Named only where they must be: for shared secrets. */
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
    `${place} is a private key: only its public part is carried over; treat the key as known to others and replace it`,
  );
  return Object.fromEntries(Object.entries(key).filter(([member]) => !PRIVATE.includes(member)));
}

/** Takes the keys over, public parts only; undefined when there are none. */
export function readJwks(
  jwks: Readonly<Record<string, unknown>>,
  remarks: string[],
): ImportedKeys | undefined {
  const all: unknown[] = Array.isArray(jwks['keys']) ? jwks['keys'] : [];
  const keys = all.filter(isKey);
  if (keys.length === 0) {
    remarks.push('there is neither jwks with keys nor a list of users: nothing can be carried over');
    return undefined;
  }
  const open = keys.map((key, index) => publicPart(key, `jwks.keys[${index}]`, remarks));
  const shared = open.filter(({ kty }) => kty === 'oct');
  const asymmetric = open.filter(({ kty }) => kty !== 'oct');
  if (shared.length === 0) return { keys: asymmetric, algorithms: undefined };
  if (asymmetric.length > 0) {
    remarks.push(
      'jwks mixes shared secrets (kty oct) with public keys: the secrets are left out, as one could be taken for the other',
    );
    return { keys: asymmetric, algorithms: undefined };
  }
  remarks.push('jwks holds shared secrets (HS*): whoever verifies can also sign, so public keys are better');
  const named = SHARED.filter((name) => shared.some(({ alg }) => alg === name));
  return { keys: shared, algorithms: named.length === 0 ? ['HS256'] : named };
}
