import { z } from 'zod';

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A span of time such as `30s`; read as milliseconds. */
export const duration = z
  .string('must be a duration, such as 30s, 10m or 1h')
  .regex(/^[0-9]{1,9}(ms|s|m|h|d)$/, 'must be a duration, such as 30s, 10m or 1h')
  .transform((text) => {
    const unit = text.replace(/^[0-9]+/, '') as keyof typeof UNIT_MS;
    return Number.parseInt(text, 10) * UNIT_MS[unit];
  });

/** A path, relative to the configuration file; `load.ts` makes it absolute. */
export const filePath = z
  .string('must be a path')
  .min(1, 'must not be empty: give a path, relative to this file')
  .meta({ format: 'path' });

export const identifier = z
  .string()
  .regex(/^[a-z0-9]+$/, 'must be lower-case letters and digits, such as corp');

const HOST_PORT = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/;

function isHostPort(text: string): boolean {
  const port = Number(HOST_PORT.exec(text)?.[2] ?? Number.NaN);
  return port >= 0 && port <= 65_535;
}

export const hostPort = z
  .string('must be host:port, such as 127.0.0.1:9002')
  .refine(isHostPort, 'must be host:port, such as 127.0.0.1:9002');

export const listen = z
  .string('must be unix:path or host:port, such as unix:run/authz.sock')
  .refine(
    (text) => (text.startsWith('unix:') ? text.length > 5 : isHostPort(text)),
    'must be unix:path or host:port, such as unix:run/authz.sock',
  );

export const upstream = z
  .string('must be the address of a ComfyUI, such as http://127.0.0.1:8188')
  .regex(
    /^https?:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?\/?$/,
    'must be the address of a ComfyUI without a path, such as http://127.0.0.1:8188',
  );

export const tlsFiles = z.strictObject({
  certFile: filePath,
  keyFile: filePath,
  clientCaFile: filePath
    .optional()
    .describe('Only clients with a certificate of this authority may connect.'),
});
