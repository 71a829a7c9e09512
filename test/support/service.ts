import type { AuthMethod } from '../../src/auth/auth-method.ts';
import { deny, type AccessCheck, type Decision, type ForwardedClaim } from '../../src/auth/decision.ts';
import { header, type HeaderField } from '../../src/http/request-head.ts';
import { encodeUserId } from '../../src/auth/user-id.ts';
import { createAuthorizationService, type Outcome } from '../../src/ext-authz/authorization-service.ts';
import { aCheck, readAnswer, UPSTREAM, type CheckParts } from './check-messages.ts';

export const NOW = 1_700_000_000_000;

interface Changes {
  readonly method?: Partial<AuthMethod>;
  readonly multiTenant?: boolean;
  readonly forwardedClaims?: readonly ForwardedClaim[];
  readonly expiresAtMs?: number;
  readonly trustedHops?: number;
  readonly access?: AccessCheck;
  readonly allowedOrigins?: readonly string[];
}

/** Allows any request with `Authorization: <name>`, as that user. */
export function aService({
  method,
  multiTenant = true,
  forwardedClaims = [],
  expiresAtMs,
  trustedHops = 0,
  access,
  allowedOrigins = [],
}: Changes = {}) {
  const outcomes: Outcome[] = [];
  const endpoint = {
    name: 'studio',
    multiTenant,
    upstream: UPSTREAM,
    audience: 'comfyui-studio',
    forwardedClaims,
    allowedOrigins,
    method: {
      name: 'BASIC' as const,
      challenge: 'Basic realm="studio"',
      credentialLocations: { headers: ['authorization'], cookies: ['comfy_token'], query: ['token'] },
      find: (request: Parameters<AuthMethod['find']>[0]) => {
        const text = header(request, 'authorization');
        return text === undefined ? deny('credentials-missing') : { text, ambient: true };
      },
      authenticate: ({ text }: { text: string }): Decision => ({
        kind: 'allow',
        identity: {
          userId: encodeUserId(text)!,
          operator: false,
          forwardedClaims,
          access,
          ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
        },
      }),
      ...method,
    },
  };
  const check = createAuthorizationService({
    findEndpoint: () => (name) => (name === endpoint.name ? endpoint : undefined),
    mint: ({ userId }) =>
      Promise.resolve({ text: `token-of-${userId}`, issuedAtMs: NOW, refreshAtMs: NOW + 150_000 }),
    now: () => NOW,
    site: () => ({ title: 'ComfyUI' }),
    trustedHops: () => trustedHops,
    onDecision: (outcome) => outcomes.push(outcome),
  });
  const ask = async (headers: readonly HeaderField[] = [], parts: CheckParts = {}) =>
    readAnswer(await check(aCheck(headers, parts)));
  return { check, ask, outcomes };
}

export const alice: HeaderField = ['authorization', 'alice'];
