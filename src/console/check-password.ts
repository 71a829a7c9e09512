import { createBasicMethod } from '../basic/basic-method.ts';
import type { ConsoleParts } from './console-context.ts';

/** Same checks, same throttling and same timing as for users of the gateway. */
export async function checkPassword(
  { accounts, hashing, throttle }: Pick<ConsoleParts, 'accounts' | 'hashing' | 'throttle'>,
  { name, password }: { readonly name: string; readonly password: string },
  address: string,
) {
  if (name.includes(':')) return { kind: 'deny', reason: 'user-unknown' } as const;
  const users = new Map(accounts.list().map((one) => [one.name, one.password]));
  const method = createBasicMethod({
    endpoint: 'console',
    realm: 'console',
    users,
    hashing,
    throttle,
    isOperator: () => false,
    accessOf: () => undefined,
  });
  const text = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  return method.authenticate({ text, ambient: false }, { address, lookup: undefined });
}
