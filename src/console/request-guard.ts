import { addressList } from '../http/address-list.ts';
import { isFromForeignPage } from '../http/foreign-page.ts';
import { headerValues, type RequestHead } from '../http/request-head.ts';
import { isFromOwnPage } from '../portal/same-origin.ts';

const READING = new Set(['GET', 'HEAD']);
/** What proxies add. The console is for people on this machine, and its passwords cross no network in the clear. */
const FROM_PROXIES = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

export type Refusal = 'not-local' | 'foreign-page' | 'method';

const isLoopback = addressList(['127.0.0.0/8', '::1']);

/** Whether an address may use the console although it is not this machine's. */
export type IsAllowed = (address: string) => boolean;

function isRemote(request: RequestHead, isAllowed: IsAllowed): boolean {
  const isProxied = FROM_PROXIES.some((name) => headerValues(request, name).length > 0);
  return isProxied || !(isLoopback(request.peerAddress) || isAllowed(request.peerAddress));
}

/** Why the API does not answer a request at all, or undefined. Programs send none of the headers of browsers. */
export function apiRefusalOf(request: RequestHead, isAllowed: IsAllowed): Refusal | undefined {
  if (isRemote(request, isAllowed)) return 'not-local';
  return isFromForeignPage(request, []) ? 'foreign-page' : undefined;
}

/** Why the console does not answer a request at all, or undefined. */
export function refusalOf(request: RequestHead, isAllowed: IsAllowed): Refusal | undefined {
  if (isRemote(request, isAllowed)) return 'not-local';
  if (READING.has(request.method)) return isFromForeignPage(request, []) ? 'foreign-page' : undefined;
  if (request.method !== 'POST') return 'method';
  return isFromOwnPage(request) ? undefined : 'foreign-page';
}
