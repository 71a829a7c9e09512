import { header, headerValues, type RequestHead } from './request-head.ts';

/** The client's address according to Envoy: its own header, else the X-Forwarded-For entry before the trusted hops, else the peer. */
export function clientAddress(request: RequestHead, trustedHops: number): string {
  const external = header(request, 'x-envoy-external-address');
  if (external !== undefined) return external;
  const forwarded = trustedHops > 0 ? headerValues(request, 'x-forwarded-for').join(',').split(',') : [];
  return forwarded.at(-1 - trustedHops)?.trim() ?? request.peerAddress;
}
