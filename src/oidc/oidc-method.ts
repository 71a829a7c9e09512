import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Claims } from '../jwt/claims.ts';
import type { SignInMethod } from '../portal/sign-in-method.ts';
import { backChannelRoute, BACK_CHANNEL_LIMIT } from './back-channel-route.ts';
import { callbackRoute } from './callback-route.ts';
import type { OidcOptions } from './oidc-endpoint.ts';
import { createSealedBox } from './sealed-box.ts';
import { languageFor, showPage } from './oidc-page.ts';
import { startUrl } from './show-problem.ts';
import { providerSignOut, SIGNED_OUT, type SignedOut } from './sign-out.ts';
import { startRoute } from './start-route.ts';
import { TEXTS } from './texts.ts';
import { createUsedOnce } from './used-once.ts';

export interface OidcMethod extends SignInMethod {
  /** How to end the session at the provider too; undefined if there is nothing to do. */
  signOut(context: Context, claims: Claims): Promise<SignedOut | undefined>;
}

/** Sign-in with OpenID Connect, at the issuers that have `signIn`. */
export function createOidcMethod(options: OidcOptions): OidcMethod {
  const box = createSealedBox(options.keys, 'oidc transaction');
  const hints = createSealedBox(options.keys, 'oidc hint');
  const states = createUsedOnce(options.now);
  const logoutTokens = createUsedOnce(options.now);
  const callback = (context: Context): Promise<Response> =>
    callbackRoute(context, { box, hints, used: states, options });

  return {
    routes(app) {
      app.get('/_auth/oidc/start', (context) => startRoute(context, box, options));
      app.get('/_auth/oidc/callback', callback);
      app.get('/_auth/oidc/callback/:name', callback);
      app.get(SIGNED_OUT, (context) => {
        const texts = TEXTS[languageFor(context)];
        const links = [{ url: startUrl({ prompt: 'select_account' }), label: texts.retry }];
        return showPage(context, { ...texts.signedOut, status: 200, links }, options.site());
      });
      app.post(
        '/_auth/oidc/back-channel-logout',
        bodyLimit({ maxSize: BACK_CHANNEL_LIMIT, onError: (context) => context.body(null, 400) }),
        (context) => backChannelRoute(context, logoutTokens, options),
      );
    },
    link(name) {
      const endpoint = options.findEndpoint(name);
      const [first, ...others] = endpoint?.issuers ?? [];
      if (first === undefined) return undefined;
      // With several, the page at this address lists them.
      return { url: startUrl({}), label: others.length === 0 ? first.label : TEXTS.en.signIn };
    },
    signOut: (context, claims) => providerSignOut(context, claims, { hints, options }),
  };
}
