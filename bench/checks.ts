import { aCheck } from '../test/support/check-messages.ts';
import { basic, PASSWORD, sessionCookie, token, USERS, type Algorithm } from './credentials.ts';
import { createClientPool, type Sample } from './grpc-client.ts';
import { inTurn, measured, run, type Load, type Measure, type Measured } from './load.ts';
import { start, type Program } from './programs.ts';
import { checkColumns, checkRows, type Section } from './table.ts';

interface Target {
  readonly program: Program;
  readonly target: string;
}

interface Options {
  readonly floor: Target;
  readonly stock: Target;
  readonly ours: Target;
  readonly seconds: number;
  readonly rounds: number;
}

/** What Envoy sends of a browser's request, given the headers that the configuration asks for. */
function check(
  host: string,
  authorization: string | undefined,
  peer = '192.0.2.7',
  name: 'authorization' | 'cookie' = 'authorization',
): Buffer {
  return aCheck(
    [
      ...(authorization === undefined ? [] : ([[name, authorization]] as const)),
      ['accept', '*/*'],
      ['x-request-id', '5a6b7c8d-0000-4000-8000-000000000001'],
    ],
    {
      host,
      endpoint: host.startsWith('jwt') ? 'api' : 'studio',
      path: '/api/view?filename=ComfyUI_00001_.png&type=output',
      peer,
    },
  );
}

const ofBasic = (username: string, password: string, peer?: string): Buffer =>
  check('basic.example.com', basic(username, password), peer);

/** Tokens a round; made before the clock starts. */
const NEVER_SEEN = { RS256: 4000, ES256: 4000, EdDSA: 4000 } as const satisfies Record<Algorithm, number>;

async function neverSeen(alg: Algorithm, { program, target }: Target, round: number): Promise<Measured> {
  const count = NEVER_SEEN[alg];
  const messages = Array.from({ length: count }, (_, n) =>
    check('jwt.example.com', `Bearer ${token(alg, round * count + n)}`),
  );
  const pool = createClientPool(target);
  const all = async (until: number): Promise<Sample[]> => {
    const samples: Sample[] = [];
    const lane = async (): Promise<void> => {
      for (;;) {
        const message = messages.length > until ? messages.pop() : undefined;
        if (message === undefined) return;
        const begun = performance.now();
        await pool.check(message);
        samples.push({ ms: performance.now() - begun });
      }
    };
    await Promise.all(Array.from({ length: 64 }, lane));
    return samples;
  };
  await all(count * 0.9); // A warm-up that is not counted.
  const found = await measured(`JWT never seen, ${alg}`, [program], () => all(0));
  pool.close();
  return found;
}

async function whileStrangersGuess(load: Load): Promise<Measured> {
  const args = ['--import', 'tsx', 'bench/strangers.ts', load.target, String(load.seconds + 3)];
  const strangers = await start('node', args, 'ready');
  const found = await run(load);
  await strangers.stop();
  return found;
}

async function rowsOf({ floor, stock, ours, seconds }: Options): Promise<Measure[]> {
  const session = check('jwt.example.com', await sessionCookie(), undefined, 'cookie');
  const jwt = check('jwt.example.com', `Bearer ${token('RS256', -2)}`);
  const user = ofBasic('user-0', PASSWORD);
  const anonymous = check('basic.example.com', undefined);
  // Each guess from another address, so that none is delayed because of the previous one.
  const guess = (name: (n: number) => string) => (n: number) =>
    ofBasic(name(n), `wrong-${n}`, `10.${n % 250}.${(n >> 8) % 250}.7`);
  const few = { name: 'remembered, 4 at once', ...ours, message: () => jwt, seconds, parallel: 4 };
  const row =
    (name: string, target: Target, message: Load['message'], parallel = 64): Measure =>
    () =>
      run({ name, ...target, message, seconds, parallel });
  return [
    row('grpc-js that does nothing (the floor)', floor, () => jwt),
    row('the same with stock serialisers', stock, () => jwt),
    row('remembered, JWT', ours, () => jwt),
    row('remembered, session', ours, () => session),
    row('remembered, Basic', ours, () => user),
    (round) => neverSeen('RS256', ours, round),
    (round) => neverSeen('ES256', ours, round),
    (round) => neverSeen('EdDSA', ours, round),
    row('refused, no credentials', ours, () => anonymous),
    (round) =>
      row(
        'Basic, argon2id, never seen',
        ours,
        (n) => ofBasic(`user-${(round * 3000 + n) % USERS}`, PASSWORD),
        8,
      )(round),
    (round) =>
      row(
        'Basic, wrong password',
        ours,
        guess((n) => `user-${(round * 3000 + n) % USERS}`),
        2,
      )(round),
    (round) =>
      row(
        'Basic, no such user',
        ours,
        guess((n) => `stranger-${round * 3000 + n}`),
        2,
      )(round),
    () => run(few),
    () => whileStrangersGuess({ ...few, name: 'the same while 50 strangers guess passwords' }),
  ];
}

export async function measureChecks(options: Options): Promise<Section> {
  const rows = await inTurn(await rowsOf(options), options.rounds);
  return {
    title: 'Checks, straight to the service over its Unix socket',
    columns: checkColumns,
    rows: checkRows(rows),
  };
}
