import type { RequestHead } from '../http/request-head.ts';
import type { TokenLookup } from './jwt-schema.ts';

/** A request that carries the token where a client of the endpoint would put it. `token` without `,` and `;`. */
export function requestWithToken(token: string, { location, name, prefix = '' }: TokenLookup): RequestHead {
  const request = { method: 'GET', path: '/', host: '', headers: [], peerAddress: 'console' };
  switch (location) {
    case 'HEADER':
      return { ...request, headers: [[name.toLowerCase(), prefix + token]] };
    case 'COOKIE':
      return { ...request, headers: [['cookie', `${name}=${token}`]] };
    case 'QUERY':
      return { ...request, path: `/?${encodeURIComponent(name)}=${encodeURIComponent(token)}` };
  }
}
