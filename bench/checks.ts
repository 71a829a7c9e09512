import { aCheck } from '../test/check.ts';
import { basic, PASSWORD, token, USERS, type Algorithm } from './credentials.ts';
import { createClientPool, type Sample } from './grpc-client.ts';
import { median, run, summarise, type Measured } from './load.ts';
import { start } from './programs.ts';
import type { Section } from './table.ts';

interface Targets {
  readonly floorListen: string;
  readonly stockListen: string;
  readonly listen: string;
  readonly seconds: number;
}

/** What Envoy sends of a browser's request, given the headers that the configuration asks for. */
function check(host: string, authorization: string | undefined): Buffer {
  return aCheck(
    [
      ...(authorization === undefined ? [] : ([['authorization', authorization]] as const)),
      ['accept', '*/*'],
      ['x-request-id', '5a6b7c8d-0000-4000-8000-000000000001'],
    ],
    { host, path: '/api/view?filename=ComfyUI_00001_.png&type=output', peer: '192.0.2.7' },
  );
}

/** Enough tokens for the fastest run that could be; made before the clock starts. */
const NEVER_SEEN = { RS256: 8_000, ES256: 12_000, EdDSA: 12_000 } as const satisfies Record<
  Algorithm,
  number
>;

async function neverSeen(alg: Algorithm, listen: string, round: number): Promise<Measured> {
  const count = NEVER_SEEN[alg];
  const messages = Array.from({ length: count }, (_, n) =>
    check('jwt.example.com', `Bearer ${token(alg, round * count + n)}`),
  );
  const pool = createClientPool(listen);
  let next = 0;
  const lane = async (until: number, samples: Sample[]): Promise<void> => {
    while (next < until) {
      const message = messages[next++];
      if (message === undefined) return;
      const begun = performance.now();
      await pool.check(message);
      samples.push({ ms: performance.now() - begun });
    }
  };
  const all = async (until: number): Promise<Sample[]> => {
    const samples: Sample[] = [];
    await Promise.all(Array.from({ length: 64 }, () => lane(until, samples)));
    return samples;
  };
  await all(count / 6); // A warm-up that is not counted.
  const begun = performance.now();
  const samples = await all(count);
  pool.close();
  return summarise(`JWT never seen, ${alg}`, samples, (performance.now() - begun) / 1000);
}

/** A remembered check at rest, and while fifty strangers guess passwords. */
async function underGuessing({ listen, seconds }: Targets): Promise<[Measured, Measured]> {
  const remembered = check('jwt.example.com', `Bearer ${token('RS256', -1)}`);
  const load = { target: listen, message: () => remembered, seconds, parallel: 4 };
  const rest = await run({ ...load, name: 'remembered, 4 at once' });
  const strangers = await start(
    'node',
    ['--import', 'tsx', 'bench/strangers.ts', listen, String(seconds + 3)],
    'ready',
  );
  const busy = await run({ ...load, name: 'the same while 50 strangers guess passwords' });
  await strangers.stop();
  return [rest, busy];
}

/** Every row once. */
async function measureRound(targets: Targets, round: number): Promise<Measured[]> {
  const { floorListen, stockListen, listen, seconds } = targets;
  const jwt = check('jwt.example.com', `Bearer ${token('RS256', -2)}`);
  const user = check('basic.example.com', basic('user-0', PASSWORD));
  const nobody = check('basic.example.com', undefined);
  const cold = (n: number) =>
    check('basic.example.com', basic(`user-${(round * 3000 + n) % USERS}`, PASSWORD));
  return [
    await run({
      name: 'grpc-js that does nothing (the floor)',
      target: floorListen,
      message: () => jwt,
      seconds,
    }),
    await run({ name: 'the same with stock serialisers', target: stockListen, message: () => jwt, seconds }),
    await run({ name: 'remembered, JWT', target: listen, message: () => jwt, seconds }),
    await run({ name: 'remembered, Basic', target: listen, message: () => user, seconds }),
    await neverSeen('RS256', listen, round),
    await neverSeen('ES256', listen, round),
    await neverSeen('EdDSA', listen, round),
    await run({ name: 'refused, no credentials', target: listen, message: () => nobody, seconds }),
    await run({ name: 'Basic, argon2id, never seen', target: listen, message: cold, seconds, parallel: 8 }),
    ...(await underGuessing(targets)),
  ];
}

/** The rounds' rows in turn, so that what else the machine does falls on all of them; of each, the median. */
export async function measureChecks(targets: Targets, rounds: number): Promise<Section> {
  const all: Measured[][] = [];
  for (let round = 0; round < rounds; round++) all.push(await measureRound(targets, round));
  const rows = (all[0] ?? []).map((_, index) => median(all.flatMap((round) => round[index] ?? [])));
  const floor = rows[0]?.perSecond ?? Number.NaN;
  return {
    title: 'Checks, straight to the service over its Unix socket',
    columns: ['checks/s', 'ratio to the floor', 'p50 ms', 'p99 ms'],
    rows: rows.map(({ name, perSecond, p50Ms, p99Ms }) => ({
      name,
      values: [perSecond.toFixed(0), (perSecond / floor).toFixed(3), p50Ms.toFixed(2), p99Ms.toFixed(2)],
    })),
  };
}
