import { aCheck } from '../test/support/check-messages.ts';
import { token } from './credentials.ts';
import { createClientPool } from './grpc-client.ts';
import type { Program } from './programs.ts';
import type { Section } from './table.ts';

/** Resident memory of the service before and after as many different tokens, all of them good. */
export async function measureMemory(options: {
  ours: Program;
  listen: string;
  tokens: number;
}): Promise<Section> {
  const { ours, listen, tokens } = options;
  const before = ours.residentMb();
  const pool = createClientPool(listen);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < tokens) {
      const headers = [['authorization', `Bearer ${token('EdDSA', 10_000_000 + next++)}`]] as const;
      await pool.check(aCheck(headers, { host: 'jwt.example.com', endpoint: 'api' }));
    }
  };
  await Promise.all(Array.from({ length: 64 }, lane));
  pool.close();
  const after = ours.residentMb();
  return {
    title: 'Resident memory of the service',
    columns: ['MB'],
    rows: [
      { name: 'before', values: [before.toFixed(0)] },
      { name: `after ${tokens.toLocaleString('en')} different tokens`, values: [after.toFixed(0)] },
    ],
  };
}
