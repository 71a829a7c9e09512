import { afterAll, beforeAll, beforeEach } from 'vitest';
import { CookieJar } from './cookie-jar.ts';
import { anEndpoint, anIssuerEntry, aPortal, CALLBACK, type PortalStand } from './portal-stand.ts';
import { startProvider, type RealProvider } from './real-provider.ts';

/** What the tests of a file use; ready in each test. */
export interface RealStand {
  provider: RealProvider;
  portal: PortalStand;
  /** The cookies of the browser, empty at the start of each test. */
  jar: CookieJar;
}

/** A real provider, and two endpoints that use it: `studio`, and `other` with `keepSession`. */
export function useRealStand(): RealStand {
  const stand = {} as RealStand;
  beforeAll(async () => {
    stand.provider = await startProvider({
      redirect_uris: [CALLBACK, 'https://other.example.com/_auth/oidc/callback'],
    });
    const { issuer } = stand.provider;
    const other = { name: 'other', host: 'other.example.com' };
    stand.portal = aPortal(
      anEndpoint([anIssuerEntry(issuer)]) +
        anEndpoint([anIssuerEntry(issuer, { oidc: 'keepSession: true' })], other) +
        'sameUsers: true\n',
    );
  });
  afterAll(async () => {
    stand.portal.close();
    await stand.provider.stop();
  });
  beforeEach(() => {
    stand.jar = new CookieJar();
    stand.portal.signedIn.length = 0;
    stand.portal.failures.length = 0;
    stand.portal.shift.ms = 0;
  });
  return stand;
}
