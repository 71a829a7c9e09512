import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Allow, Decision, Identity } from '../auth/decision.ts';
import { clientAddress } from '../http/client-address.ts';
import type { HeaderField, RequestHead } from '../http/request-head.ts';
import { languageOf, type Language } from '../pages/language.ts';
import type { PortalEndpoint } from './portal-endpoint.ts';

/** A request to the portal. */
export interface Visit {
  readonly request: RequestHead;
  readonly endpoint: PortalEndpoint;
  readonly language: Language;
  readonly address: string;
}

function fieldsOf(raw: readonly string[]): HeaderField[] {
  const fields: HeaderField[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    fields.push([(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? '']);
  return fields;
}

/** The request as the check sees requests, with duplicate headers separate. */
export function requestOf(context: Context): RequestHead {
  const { incoming } = context.env as HttpBindings;
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    host: incoming.headers.host ?? '',
    headers: fieldsOf(incoming.rawHeaders),
    peerAddress: incoming.socket.remoteAddress ?? '',
  };
}

export function visitOf(context: Context, endpoint: PortalEndpoint, trustedHops: number): Visit {
  const request = requestOf(context);
  return {
    request,
    endpoint,
    language: languageOf(context.req.header('accept-language')),
    address: clientAddress(request, trustedHops),
  };
}

/** Who sends the request, by whatever the endpoint accepts. */
export async function whoIs({ request, endpoint, address }: Visit): Promise<Decision> {
  const credentials = endpoint.method.find(request);
  if ('kind' in credentials) return credentials;
  return endpoint.method.authenticate(credentials, { address, lookup: undefined });
}

/** The user's name, without the prefix of the source and the encoding of the id. */
export function nameOfIdentity({ userId }: Identity): string {
  return decodeURIComponent(userId.replace(/^[a-z0-9]+~/, ''));
}

/** The user's name as people write it. */
export function nameOf({ session, identity }: Allow): string {
  return session?.user ?? nameOfIdentity(identity);
}
