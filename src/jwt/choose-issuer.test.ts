import { expect, test } from 'vitest';
import { aKey, aToken } from '../../test/support/tokens.ts';
import { chooseIssuer, type TrustedIssuer } from './verify-token.ts';

/** Only what the choice looks at. */
const trusted = (rules: { issuer?: string; anyIssuer?: true }): TrustedIssuer =>
  ({ rules }) as unknown as TrustedIssuer;

const ONE = trusted({ issuer: 'https://one.example' });
const ANY = trusted({ anyIssuer: true });
/** Neither: the configuration rejects it, and so must this. */
const NEITHER = trusted({});
const UNKNOWN = { kind: 'deny', reason: 'issuer-unknown' };

const key = await aKey('ES256');
const by = (iss: string | undefined): Promise<string> => aToken(key, { iss });

test('the issuer that a token names is chosen, wherever it is in the list', async () => {
  const token = await by('https://one.example');
  expect(chooseIssuer(token, [ANY, NEITHER, ONE])).toBe(ONE);
});

test('a token of another issuer, or of none, goes only to the one that accepts any', async () => {
  for (const iss of ['https://two.example', undefined]) {
    const token = await by(iss);
    expect(chooseIssuer(token, [ONE, NEITHER])).toEqual(UNKNOWN);
    expect(chooseIssuer(token, [NEITHER, ONE, ANY])).toBe(ANY);
  }
});
