import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { isWildcard, parseHostPort, parseListenAddress } from '../http/host-port.ts';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const DURATION = 'must be a duration, such as 30s, 10m or 1h';

function milliseconds(text: string): number {
  const unit = text.replace(/^[0-9]+/, '') as keyof typeof UNIT_MS;
  return Number.parseInt(text, 10) * UNIT_MS[unit];
}

/** A duration such as `30s`, from `least` to `most`; parsed to milliseconds. */
export function duration(least: string, most: string) {
  const within = (text: string): boolean => {
    const value = milliseconds(text);
    return value >= milliseconds(least) && value <= milliseconds(most);
  };
  return z
    .string(DURATION)
    .regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, { error: DURATION, abort: true })
    .refine(within, `must be between ${least} and ${most}`)
    .transform(milliseconds);
}

/** A path, relative to the configuration file; `load.ts` makes it absolute. */
export const filePath = z
  .string('must be a path')
  .min(1, 'must not be empty: give a path, relative to this file')
  .meta({ format: 'path' });

/** The part before `~` in the user ids of one source. */
export const userIdPrefix = z
  .string('must be lower-case letters and digits, such as corp')
  .regex(/^[a-z0-9]{1,32}$/, 'must be 1 to 32 lower-case letters and digits, such as corp')
  .refine(
    (prefix) => prefix !== 'verify',
    'must not be verify: that prefix is reserved for `comfy-tenant verify`',
  );

/** Shown in the sign-in dialog. ASCII only, because RFC 7617 cannot declare its encoding. */
export const realm = z
  .string('must be text')
  .regex(/^[\x20-\x7e]{1,100}$/, 'must be 1 to 100 printable ASCII characters');

const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):([0-9]{1,5})$/;

function isHostPort(text: string): boolean {
  const [, host = '', port = ''] = HOST_PORT.exec(text) ?? [];
  return host !== '' && Number(port) <= 65_535 && (!host.startsWith('[') || isIPv6(host.slice(1, -1)));
}

const UPSTREAM = 'must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188';

/** Only spellings that this service and Envoy read alike: no `127.1` for `127.0.0.1`. */
function isUpstream(text: string): boolean {
  const [, address = ''] = /^https?:\/\/([^/]+)\/?$/.exec(text) ?? [];
  const host = address.replace(/:[0-9]+$/, '').toLowerCase();
  if (!isHostPort(address.endsWith(host) ? `${address}:80` : address) || /:0+$/.test(address)) return false;
  return URL.canParse(text) && (host.startsWith('[') || new URL(text).hostname === host);
}

export const hostPort = z
  .string('must be host:port, such as 127.0.0.1:9002')
  .refine(isHostPort, 'must be host:port, such as 127.0.0.1:9002')
  .transform(parseHostPort);

const HOST_NAME = 'must be a host name without port, such as authz';

export const hostName = z
  .string(HOST_NAME)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/, HOST_NAME);

export const listen = z
  .string('must be unix:path or host:port, such as unix:run/authz.sock')
  .refine(
    (text) => (text.startsWith('unix:') ? text.length > 5 : isHostPort(text)),
    'must be unix:path or host:port, such as unix:run/authz.sock',
  )
  .transform(parseListenAddress);

const ADDRESS = 'must be unix:path or host:port that Envoy can connect to, such as authz.internal:9001';

/** Where Envoy connects to: like `listen`, but not a wildcard address. */
export const address = z
  .string(ADDRESS)
  .refine(
    (text) => (text.startsWith('unix:') ? text.length > 5 : isHostPort(text) && !/:0+$/.test(text)),
    ADDRESS,
  )
  .refine(
    (text) => !isWildcard(parseListenAddress(text)),
    'must be a single address, not a wildcard: name the host that Envoy connects to',
  )
  .transform(parseListenAddress);

export const upstream = z.string(UPSTREAM).refine(isUpstream, UPSTREAM).meta({ format: 'uri' });

export const tlsFiles = z.strictObject({
  certFile: filePath,
  keyFile: filePath,
  clientCaFile: filePath
    .optional()
    .describe('Only clients with a certificate from this authority may connect.'),
});

/** TLS of the service, with Envoy's client certificate. */
export const serviceTlsFiles = tlsFiles.extend({
  clientCertFile: filePath
    .optional()
    .describe('The client certificate that Envoy presents; required with clientCaFile.'),
  clientKeyFile: filePath.optional(),
});
