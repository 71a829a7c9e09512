import type { Context } from 'hono';
import { decodeJwt } from 'jose';
import { buildEndSessionUrl } from 'openid-client';
import type { Claims } from '../jwt/claims.ts';
import { endpointOf, issuerOf, redirectUriFor, type OidcOptions } from './oidc-endpoint.ts';
import { SignInError } from './problem.ts';
import { readCookie } from './read-cookies.ts';
import type { SealedBox } from './sealed-box.ts';

/** The only path that needs the token. */
const PATH = '/_auth/sign-out';
/** Browsers store up to 4096 bytes per cookie. */
const LARGEST = 3600;

/** Where the provider sends the browser after it signed out there. */
export const SIGNED_OUT = '/_auth/oidc/signed-out';

function nameOf(secure: boolean): string {
  return `${secure ? '__Secure-' : ''}comfy_oidc_hint`;
}

function cookie(value: string, secure: boolean, maxAgeSeconds: number): string {
  return `${nameOf(secure)}=${value}; Path=${PATH}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** The `Set-Cookie` that keeps the ID token as `id_token_hint`, encrypted; removes the old one if it is too large. */
export async function logoutHint(
  box: SealedBox,
  idToken: string,
  { secure, maxAgeMs }: { readonly secure: boolean; readonly maxAgeMs: number },
): Promise<string> {
  const value = await box.seal({ idToken });
  if (value.length > LARGEST) return cookie('', secure, 0);
  return cookie(value, secure, Math.floor(maxAgeMs / 1000));
}

/** The ID token of the person who signs out; undefined if it was not kept, or belongs to another. */
async function readHint(context: Context, box: SealedBox, claims: Claims): Promise<string | undefined> {
  const sealed = readCookie(context, nameOf(true)) ?? readCookie(context, nameOf(false));
  if (sealed === undefined) return undefined;
  const { idToken } = ((await box.open(sealed)) ?? {}) as { idToken?: unknown };
  if (typeof idToken !== 'string') return undefined;
  const { iss, sub } = decodeJwt(idToken);
  return iss === claims['iss'] && sub === claims['sub'] ? idToken : undefined;
}

export interface SignedOut {
  /** Where the browser signs out at the provider (OpenID Connect RP-Initiated Logout 1.0 §2). */
  readonly url: string;
  /** Values of `Set-Cookie` that remove what was kept for it. */
  readonly cookies: readonly string[];
}

/**
 * How to sign out at the provider too.
 *
 * @param claims of the session that has ended
 * @returns undefined if the session is not of an issuer with `signIn`, or the provider cannot do it or is down
 */
export async function providerSignOut(
  context: Context,
  claims: Claims,
  { hints, options }: { readonly hints: SealedBox; readonly options: OidcOptions },
): Promise<SignedOut | undefined> {
  const endpoint = options.findEndpoint(endpointOf(context));
  const client = issuerOf(endpoint?.issuers ?? [], String(claims['iss']));
  if (endpoint === undefined || client === undefined) return undefined;
  const configuration = await client.provider.configuration().catch((error: unknown) => {
    if (error instanceof SignInError) return undefined;
    throw error;
  });
  if (configuration?.serverMetadata().end_session_endpoint === undefined) return undefined;
  const back = redirectUriFor(context, endpoint, { client, port: options.port });
  const hint = await readHint(context, hints, claims);
  const url = buildEndSessionUrl(configuration, {
    ...(hint === undefined ? {} : { id_token_hint: hint }),
    ...(back === undefined ? {} : { post_logout_redirect_uri: back.origin + SIGNED_OUT }),
  });
  return { url: url.href, cookies: [cookie('', true, 0), cookie('', false, 0)] };
}
