import { newSession } from '../src/session/session.ts';
import { formatSessionKeys, type SessionKey } from '../src/session/session-keys.ts';
import { createSessions } from '../src/session/sessions.ts';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { hashSync } from '@node-rs/argon2';

/** RSA of 2048 bits is what issuers use most. */
const PAIRS = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
};

export type Algorithm = keyof typeof PAIRS;

const ISSUER = 'https://login.example.com';
export const USERS = 20_000;
export const PASSWORD = 'tulip-raven-81';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function signature(alg: Algorithm, key: KeyObject, input: Buffer): string {
  if (alg === 'EdDSA') return sign(null, input, key).toString('base64url');
  const options = alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : key;
  return sign('sha256', input, options).toString('base64url');
}

/** A token as issuers make them, of the n-th user; each n gives another. */
export function token(alg: Algorithm, n: number): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: ISSUER,
    aud: 'comfyui',
    sub: `user-${String(n % 1000)}`,
    jti: `${String(n)}-7c1e5a6b`,
    iat: now,
    exp: now + 7200,
    name: 'Alice Example',
    email: 'alice@example.com',
    groups: ['artists', 'studio-berlin'],
  };
  const input = `${encode({ alg, kid: alg })}.${encode(claims)}`;
  return `${input}.${signature(alg, PAIRS[alg].privateKey, Buffer.from(input))}`;
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function jwks(): { keys: object[] } {
  const keys = Object.entries(PAIRS).map(([alg, { publicKey }]) => ({
    ...publicKey.export({ format: 'jwk' }),
    kid: alg,
    alg,
  }));
  return { keys };
}

const SESSION_KEY: SessionKey = { kid: 'bench', secret: Buffer.alloc(32, 7) };

/** The file `session.keyFile`. */
export const SESSION_KEYS = formatSessionKeys([SESSION_KEY]);

/** The `Cookie` header of a session at the endpoint for tokens. */
export async function sessionCookie(): Promise<string> {
  const sessions = createSessions({ keys: { current: [SESSION_KEY], generation: 0 }, now: Date.now });
  const claims = { iss: ISSUER, sub: 'alice' };
  const known = { endpoint: 'api', method: 'JWT', user: 'alice', claims } as const;
  const session = newSession(known, { ttlMs: 28_800_000, maxAgeMs: 604_800_000 }, Date.now());
  return (await sessions.seal(session, false)).replace(/;.*/, '');
}

/** The configuration that is measured: one endpoint a method, and as many users as a large studio has. */
export function configText(listen: string, admin: string): { config: string; users: string } {
  const hash = hashSync(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const config = `
sameUsers: true
endpoints:
  - name: studio
    domains: [basic.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth: { method: BASIC, usersFile: users.htpasswd }
  - name: api
    domains: [jwt.example.com]
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - { issuer: "${ISSUER}", audience: comfyui, jwks: { keys: ${JSON.stringify(jwks().keys)} } }
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }
service: { listen: "${listen}" }
session: { keyFile: session.keys }
admin: { listen: "${admin}" }
`;
  const users = Array.from({ length: USERS }, (_, n) => `user-${String(n)}:${hash}`).join('\n');
  return { config, users };
}
