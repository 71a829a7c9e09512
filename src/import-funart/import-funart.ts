import { stringify } from 'yaml';
import { isUserIdHeader, USER_ID_HEADER } from '../http/user-id-header.ts';
import { readBasicUsers, type FunArtUser } from './funart-users.ts';
import { readJwks, type ImportedKeys } from './funart-keys.ts';
import { readClaims, readLookups, readPaths, type Place } from './funart-places.ts';

export interface FunArtImport {
  /** Our configuration; undefined if there is nothing to import. */
  readonly yaml: string | undefined;
  /** What could not be imported or needs review, one line each. */
  readonly remarks: readonly string[];
}

export interface FunArtOptions {
  readonly upstream: string;
  /** Hashes a password, which FunArt stores in plain text. */
  readonly hash: (password: string) => Promise<string>;
}

type Json = Readonly<Record<string, unknown>>;

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** FunArt stores objects directly or as JSON in a string. */
function unwrap(value: unknown): Json {
  if (typeof value !== 'string') return record(value);
  try {
    return record(JSON.parse(value));
  } catch {
    return {}; // The caller reports that it is empty.
  }
}

/** Accepts an `authConfig`, a custom domain that contains one, or its `authInfo`. */
function parts(input: unknown): { domain: unknown; type: unknown; info: Json } {
  const outer = record(input);
  const authConfig = record(outer['authConfig'] ?? outer['auth_config'] ?? outer);
  const info = authConfig['authInfo'] ?? authConfig['auth_info'] ?? authConfig;
  return {
    domain: outer['domainName'] ?? outer['domain_name'],
    type: authConfig['authType'] ?? authConfig['auth_type'],
    info: unwrap(info),
  };
}

function claimLines(info: Json, remarks: string[]): Place[] {
  const claims = readClaims(info['claimPassBy'], remarks);
  if (claims.some(({ location, name }) => location === 'HEADER' && isUserIdHeader(name))) return claims;
  remarks.push(
    `claimPassBy has no header:${USER_ID_HEADER}: the isolation id comes from the claim sub; change it if FunArt used another`,
  );
  return [{ location: 'HEADER', name: USER_ID_HEADER, claim: 'sub' }, ...claims];
}

function jwtAuth(info: Json, keys: ImportedKeys, remarks: string[]): object {
  const lookups = readLookups(info['tokenLookup'], remarks);
  remarks.push(
    'FunArt checks neither iss nor aud: replace anyIssuer and anyAudience with issuer and audience, so that tokens issued for other services are rejected',
  );
  return {
    method: 'JWT',
    issuers: [
      {
        anyIssuer: true,
        anyAudience: true,
        jwks: { keys: keys.keys },
        ...(keys.algorithms === undefined ? {} : { algorithms: keys.algorithms }),
      },
    ],
    ...(lookups.length === 0 ? {} : { tokenLookup: lookups }),
    claimTransformations: claimLines(info, remarks),
  };
}

async function basicAuth(users: readonly FunArtUser[], hash: FunArtOptions['hash']): Promise<object> {
  const hashed = [];
  for (const { username, password } of users) hashed.push({ username, password: await hash(password) });
  return { method: 'BASIC', policy: 'funart', users: hashed };
}

async function authOf(info: Json, options: FunArtOptions, remarks: string[]): Promise<object | undefined> {
  const users = readBasicUsers(info, remarks);
  if (users !== undefined) return basicAuth(users, options.hash);
  const keys = readJwks(unwrap(info['jwks']), remarks);
  return keys === undefined ? undefined : jwtAuth(info, keys, remarks);
}

/**
 * Converts FunArt's (Function Compute's) access settings to our configuration: the `authConfig` of a custom domain with
 * its `jwks`, `tokenLookup`, `claimPassBy`, `whitelist` and `blacklist`, or a Basic user list.
 */
export async function importFunArt(input: unknown, options: FunArtOptions): Promise<FunArtImport> {
  const remarks: string[] = [];
  const { domain, type, info } = parts(input);
  if (type === 'anonymous' || type === 'function') {
    return { yaml: undefined, remarks: [`authType ${type} has no users: there is nothing to import`] };
  }
  const auth = await authOf(info, options, remarks);
  if (auth === undefined) return { yaml: undefined, remarks };
  const publicPaths = readPaths(info, remarks);
  const config = {
    endpoints: [
      {
        name: 'funart',
        ...(typeof domain === 'string' ? { domains: [domain] } : {}),
        upstream: options.upstream,
        multiTenant: true,
        auth,
        ...(publicPaths.length === 0 ? {} : { publicPaths: publicPaths.map((path) => ({ path })) }),
      },
    ],
  };
  return { yaml: stringify(config, { lineWidth: 0 }), remarks };
}
