import { aCheck } from '../test/support/check-messages.ts';
import { basic, USERS } from './credentials.ts';
import { createClientPool } from './grpc-client.ts';

/**
 * Fifty strangers who guess passwords, in a process of their own: `node --import tsx bench/strangers.ts <target>
 * <seconds>`. Says `ready` when they begin.
 */
const [target = '', seconds = '1'] = process.argv.slice(2);
const STRANGERS = 50;

const pool = createClientPool(target);
const message = (n: number): Buffer => {
  const authorization = basic(`user-${n % USERS}`, `guess-${n}`);
  const peer = `198.51.100.${n % STRANGERS}`;
  return aCheck([['authorization', authorization]], { host: 'basic.example.com', peer });
};
console.log('ready');
await pool.keepBusy({ message, parallel: STRANGERS, ms: Number(seconds) * 1000 });
pool.close();
