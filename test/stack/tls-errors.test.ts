import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { explainTlsError } from '../../src/errors/tls-error.ts';
import { fetchJson } from '../../src/jwt/fetch-jwks.ts';
import { openKeySource } from '../../src/jwt/open-key-source.ts';
import { pluginFault } from '../../src/comfyui/plugin-fault.ts';
import { askPlugin } from '../../src/comfyui/plugin-state.ts';
import { waitUntilReachable } from '../../src/verify/verify-endpoints.ts';
import { scratchFolder } from './start-up.ts';
import { serveTls, type Fault } from './tls-server.ts';

const CASES: readonly (readonly [Fault, RegExp])[] = [
  [
    'self-signed',
    /TLS: its certificate is self-signed, so it is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\); set NODE_EXTRA_CA_CERTS to a PEM file with that certificate and start again/,
  ],
  [
    'unknown CA',
    /TLS: the issuer of its certificate is unknown \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\); .*set NODE_EXTRA_CA_CERTS to a PEM file with that authority/,
  ],
  ['another name', /TLS: the issuer of its certificate is unknown/],
  [
    'no TLS',
    /TLS: it does not speak TLS on that port \((ERR_SSL_|EPROTO)[A-Z0-9_]*\); use http:\/\/ or the TLS port/,
  ],
];

test.each(CASES)('check --live names the TLS error of an upstream: %s', async (fault, text) => {
  const url = await serveTls(scratchFolder(), fault);
  const expected = { kind: 'ed25519', fingerprint: '00000000', audience: 'a', file: 'comfyui.json' } as const;
  const line = pluginFault(await askPlugin(url), url, expected);
  expect(line).toMatch(text);
  expect(line).toContain(`ComfyUI at ${new URL(url).host} cannot be checked. TLS: `);
});

test.each(CASES)('a JWKS fetch names the TLS error: %s', async (fault, text) => {
  const url = `${await serveTls(scratchFolder(), fault)}/jwks.json`;
  const fetched = fetchJson(url, { fetch, allowHttp: false });
  await expect(fetched).rejects.toThrow(text);
  await expect(fetched).rejects.toThrow(`${url}: TLS: `);
});

test.each(CASES)('discovery names the TLS error: %s', async (fault, text) => {
  const issuer = await serveTls(scratchFolder(), fault);
  const problem = await new Promise<string>((resolve) => {
    const source = openKeySource(
      { issuer, jwks: { discover: true, allowHttp: false, cooldown: 1000, maxStale: 0 } } as never,
      {
        fetch,
        now: Date.now,
        keySets: new Map(),
        onSkipped: () => undefined,
        onFetch(result) {
          source.close();
          resolve(result.ok ? 'ok' : result.problem);
        },
      },
    );
  });
  expect(problem).toMatch(text);
  expect(problem).toContain(`${issuer}/.well-known/openid-configuration: TLS: `);
});

test.each(CASES)(
  'verify names the TLS error of the gateway at once, not status 503: %s',
  async (fault, text) => {
    const url = await serveTls(scratchFolder(), fault);
    const waiting = waitUntilReachable({ url }, { name: 'alice', authorization: 'Basic x' });
    await expect(waiting).rejects.toThrow(text);
    await expect(waiting).rejects.toThrow(`${url} cannot be reached. TLS: `);
  },
);

/** What a Node that trusts a certificate says of the server, as the remedies ask for. */
async function trusting(certificate: string, url: string): Promise<string> {
  const script = `
    import { fetchJson } from ${JSON.stringify(new URL('../../src/jwt/fetch-jwks.ts', import.meta.url).href)};
    await fetchJson(process.argv[1], { fetch, allowHttp: false }).then(() => console.log('ok'), (e) => console.log(e.message));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script, `${url}/x`],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: certificate } },
  );
  return stdout.trim();
}

test.each<[Fault, string, RegExp]>([
  ['self-signed', 'self-signed.crt', /^ok$/],
  ['unknown CA', 'ca.crt', /^ok$/],
  ['expired', 'ca.crt', /TLS: its certificate has expired \(CERT_HAS_EXPIRED\); renew it on the server/],
  [
    'not yet valid',
    'ca.crt',
    /TLS: its certificate is not valid yet \(CERT_NOT_YET_VALID\); check the clocks/,
  ],
  [
    'another name',
    'ca.crt',
    /TLS: its certificate is for another host name \(it has comfy\.example\.com\) \(ERR_TLS_CERT_ALTNAME_INVALID\); use a name that is in the certificate/,
  ],
])('with its authority in NODE_EXTRA_CA_CERTS, %s', async (fault, certificate, text) => {
  const folder = scratchFolder();
  const url = await serveTls(folder, fault);
  expect(await trusting(join(folder, certificate), url)).toMatch(text);
});

test('an error that is not of TLS is left to others', () => {
  expect(explainTlsError(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBeUndefined();
});
