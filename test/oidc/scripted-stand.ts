import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, type PortalStand } from './portal-stand.ts';
import { aScriptedProvider, type ScriptedProvider } from './scripted-provider.ts';

/** What the tests of a file use; ready in each test. */
export interface ScriptedStand {
  provider: ScriptedProvider;
  portal: PortalStand;
  /** The cookies of the browser. */
  jar: CookieJar;
  /** A new portal with another configuration of the issuer. */
  open(changes?: Parameters<typeof anIssuerEntry>[1]): void;
  /** Begins a sign-in, and lets the provider send the browser back with a code. */
  signIn(query?: Record<string, string>): Promise<Response>;
}

/** A provider that does as the test says, and one endpoint that uses it. */
export function useScriptedStand(): ScriptedStand {
  const stand = {
    open(changes = {}) {
      stand.portal = aPortal(anEndpoint([anIssuerEntry(stand.provider.issuer, changes)]));
      stand.jar = new CookieJar();
    },
    async signIn(query = {}) {
      const { portal, jar, provider } = stand;
      const { searchParams } = new URL(await portal.start(jar));
      provider.state.nonce = searchParams.get('nonce') ?? '';
      const state = searchParams.get('state') ?? '';
      const back = new URLSearchParams({ code: 'the-code', state, ...query });
      return portal.send(jar, `${CALLBACK}?${back.toString()}`);
    },
  } as ScriptedStand;
  beforeAll(async () => {
    stand.provider = await aScriptedProvider();
  });
  afterAll(() => stand.provider.stop());
  beforeEach(() => {
    stand.provider.reset();
    stand.open();
  });
  afterEach(() => {
    stand.portal.close();
  });
  return stand;
}
