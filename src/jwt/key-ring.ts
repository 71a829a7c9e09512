import type { Issuer } from './issuer-schema.ts';
import type { KeySource } from './key-source.ts';

/** The key sources that one revision of the configuration uses, each opened once. */
export interface KeyRing {
  sourceFor(rules: Issuer): KeySource;
  readonly sources: ReadonlyMap<string, KeySource>;
  /** Each source with its issuer; `any` for `anyIssuer`. */
  readonly issuers: readonly { readonly issuer: string; readonly source: KeySource }[];
  /** Closes the sources that `next` does not share. */
  close(next?: KeyRing): void;
}

/** The settings that keys depend on; other changes of an issuer keep its keys. */
function placeOf({ issuer, jwks, algorithms }: Issuer): string {
  return JSON.stringify({ issuer, jwks, algorithms });
}

/** Reuses fetched keys of the previous ring, so that a reload does not depend on issuers. Files are read again. */
export function createKeyRing(open: (rules: Issuer) => KeySource, before?: KeyRing): KeyRing {
  const sources = new Map<string, KeySource>();
  const issuers: { issuer: string; source: KeySource }[] = [];
  return {
    sources,
    issuers,
    sourceFor(rules) {
      const place = placeOf(rules);
      const takenOver = 'file' in rules.jwks ? undefined : before?.sources.get(place);
      const source = sources.get(place) ?? takenOver ?? open(rules);
      if (!sources.has(place)) issuers.push({ issuer: rules.issuer ?? 'any', source });
      sources.set(place, source);
      return source;
    },
    close(next) {
      for (const [place, source] of sources) {
        if (next?.sources.get(place) !== source) source.close();
      }
    },
  };
}
