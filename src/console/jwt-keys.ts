import { html } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { Fields } from './draft-endpoints.ts';
import type { GuideTexts } from './guide-texts.ts';

const MAX_NAME = 60;

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_NAME) : '';
}

/** Bits of an RSA modulus, the curve, or bits of a shared secret. */
function strengthOf({ kty, n, crv, k }: Fields): string {
  const bytes = (value: unknown): number =>
    typeof value === 'string' ? Buffer.from(value, 'base64url').length : 0;
  if (kty === 'RSA') return `RSA ${bytes(n) * 8}`;
  if (kty === 'oct') return `HMAC ${bytes(k) * 8}`;
  return text(crv);
}

/** The keys of a JWKS, without their values. */
export function keyTable(keys: readonly Fields[], texts: GuideTexts): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${texts.kid}</th>
        <th scope="col">${texts.algorithm}</th>
        <th scope="col">${texts.strength}</th>
      </tr>
    </thead>
    <tbody>
      ${keys.map(
        (key) =>
          html`<tr>
            <th scope="row">${text(key['kid']) || '–'}</th>
            <td>${text(key['alg']) || text(key['kty'])}</td>
            <td>${strengthOf(key)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The keys in a pasted JWKS; undefined if it is none. */
export function pastedKeys(pasted: string): readonly unknown[] | undefined {
  try {
    const keys: unknown = (JSON.parse(pasted) as { keys?: unknown } | null)?.keys;
    return Array.isArray(keys) && keys.length > 0 ? keys : undefined;
  } catch {
    return undefined;
  }
}
