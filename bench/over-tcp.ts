import { aCheck } from '../test/support/check-messages.ts';
import { token } from './credentials.ts';
import { inTurn, run, type Measure } from './load.ts';
import type { Program } from './programs.ts';
import { checkColumns, checkRows, type Section } from './table.ts';

interface Target {
  readonly program: Program;
  readonly target: string;
}

const TOKENS = 1000;

/** As a busy Envoy asks: many users, two connections, each of them with half of 32 checks under way. */
export async function measureOverTcp(options: {
  readonly floor: Target;
  readonly ours: Target;
  readonly seconds: number;
  readonly rounds: number;
}): Promise<Section> {
  const messages = Array.from({ length: TOKENS }, (_, n) =>
    aCheck(
      [
        ['authorization', `Bearer ${token('RS256', -1000 - n)}`],
        ['accept', '*/*'],
        ['x-request-id', '5a6b7c8d-0000-4000-8000-000000000001'],
      ],
      { host: 'jwt.example.com', endpoint: 'api', path: '/api/view?filename=ComfyUI_00001_.png&type=output' },
    ),
  );
  const row =
    (name: string, target: Target): Measure =>
    () =>
      run({
        name,
        ...target,
        message: (n) => messages[n % TOKENS] ?? Buffer.alloc(0),
        seconds: options.seconds,
        parallel: 32,
        connections: 2,
      });
  const rows = [
    row('grpc-js that does nothing (the floor)', options.floor),
    row('remembered, 1,000 RS256 tokens', options.ours),
  ];
  for (const measure of rows) await measure(-1); // Until all tokens are remembered.
  return {
    title: 'Checks over TCP, 32 under way on two connections',
    columns: checkColumns,
    rows: checkRows(await inTurn(rows, options.rounds)),
  };
}
