import type { Issuer, JwksSource } from './issuer-schema.ts';
import { fetchJson, shownUrl } from './fetch-jwks.ts';
import { fixedKeys, type KeySource } from './key-source.ts';
import { createRemoteKeys, type RemoteKeysOptions } from './remote-keys.ts';
import { ASYMMETRIC, usableKeys } from './usable-keys.ts';

export interface KeySourceOptions {
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFetch: RemoteKeysOptions['onFetch'];
  /** One line a key that cannot be used. */
  readonly onSkipped: (why: string) => void;
  /** Text of the files that the configuration names. */
  readonly texts: ReadonlyMap<string, string>;
}

type Fetched = Extract<JwksSource, { url: string } | { discover: true }>;

/** OpenID Connect Discovery 1.0 §4: the document names the issuer that was asked for, and where its keys are. */
async function discover(
  issuer: string,
  allowHttp: boolean,
  fetch: KeySourceOptions['fetch'],
): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { json } = await fetchJson(url, { fetch, allowHttp });
  const found = json as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (found?.issuer !== issuer) throw new Error(`${shownUrl(url)}: names another issuer than ${issuer}`);
  if (typeof found.jwks_uri !== 'string') throw new Error(`${shownUrl(url)}: names no jwks_uri`);
  return found.jwks_uri;
}

function remote(rules: Issuer, source: Fetched, options: KeySourceOptions): KeySource {
  const { fetch, now, onFetch } = options;
  return createRemoteKeys({
    now,
    onFetch,
    cooldownMs: source.cooldown,
    maxStaleMs: source.maxStale,
    async fetchKeys() {
      const { allowHttp } = source;
      const url = 'url' in source ? source.url : await discover(rules.issuer ?? '', allowHttp, fetch);
      const { json, maxAgeMs } = await fetchJson(url, { fetch, allowHttp });
      const { jwks, skipped } = usableKeys(json, rules.algorithms ?? ASYMMETRIC);
      for (const why of skipped) options.onSkipped(`${shownUrl(url)}: ${why}`);
      return { jwks, maxAgeMs };
    },
  });
}

/** Opens the keys of an issuer, wherever the configuration says that they are. */
export function openKeySource(rules: Issuer, options: KeySourceOptions): KeySource {
  const { jwks } = rules;
  const algorithms = rules.algorithms ?? ASYMMETRIC;
  if ('keys' in jwks) return fixedKeys(jwks, algorithms);
  if ('file' in jwks) return fixedKeys(JSON.parse(options.texts.get(jwks.file) ?? ''), algorithms);
  return remote(rules, jwks, options);
}
