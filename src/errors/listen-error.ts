import { explainSystemError } from './system-error.ts';

/** grpc-js passes the system's error on as text only. */
const CODE_IN_MESSAGE = /\b(?:listen|bind) (E[A-Z]{3,})\b/;

function explain(listen: string, cause: Error): string {
  const { code = CODE_IN_MESSAGE.exec(cause.message)?.[1] } = cause as NodeJS.ErrnoException;
  const [, host, port] = /^\[?(.*?)\]?:([0-9]+)$/.exec(listen) ?? [];
  const where = host === undefined ? { address: listen } : { address: host, port: Number(port) };
  const rule = explainSystemError(Object.assign(new Error(), { code, syscall: 'listen', ...where }));
  return rule ?? `cannot listen on ${listen}: ${cause.message}`;
}

/** An address that cannot be listened on: names the configuration key, the address, the reason and the remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  /** @param listen `host:port`, or the path of a Unix socket */
  constructor(key: string, listen: string, cause: Error) {
    super(`${key}: ${explain(listen, cause)}`, { cause });
  }
}
