import { readFileSync, rmSync } from 'node:fs';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { createFileAtomically } from '../files/write-file-atomically.ts';

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

const ALGORITHM = 'ES256';

/** The JWKS that stands beside a development key: `dev.jwk` has `dev.jwks.json`. */
export function jwksFileOf(keyFile: string): string {
  return `${keyFile.replace(/\.jwk$/, '')}.jwks.json`;
}

/**
 * Makes a development key: the private JWK (0600), and beside it the JWKS with its public part, which the
 * configuration names.
 *
 * @throws Error when one of the files is there already
 */
export async function makeDevelopmentKey(keyFile: string): Promise<void> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(pair.publicKey));
  const complete = async (key: SigningKey): Promise<JWK> => ({
    ...(await exportJWK(key)),
    kid,
    alg: ALGORITHM,
  });
  const write = (file: string, value: unknown, mode: number): void => {
    if (!createFileAtomically(file, `${JSON.stringify(value, null, 2)}\n`, { mode }))
      throw new Error(`${file} already exists; choose another file name`);
  };
  write(keyFile, await complete(pair.privateKey), 0o600);
  try {
    write(jwksFileOf(keyFile), { keys: [await complete(pair.publicKey)] }, 0o644);
  } catch (error) {
    // A private key whose public part is nowhere would be of no use.
    rmSync(keyFile);
    throw error;
  }
}

export interface DevelopmentToken {
  readonly keyFile: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly typ: string | undefined;
  readonly lifeSeconds: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Signs a token with a development key. */
export async function signDevelopmentToken(token: DevelopmentToken): Promise<string> {
  const jwk = JSON.parse(readFileSync(token.keyFile, 'utf8')) as JWK;
  const issuedAt = Math.floor(token.now / 1000);
  return new SignJWT(token.claims)
    .setProtectedHeader({
      alg: ALGORITHM,
      ...(jwk.kid === undefined ? {} : { kid: jwk.kid }),
      ...(token.typ === undefined ? {} : { typ: token.typ }),
    })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + token.lifeSeconds)
    .sign(await importJWK(jwk, ALGORITHM));
}
