import { credentials, makeGenericClientConstructor, type ServiceError } from '@grpc/grpc-js';

export interface Sample {
  /** Milliseconds from sending the check to having its answer. */
  readonly ms: number;
}

export interface Busy {
  readonly message: (n: number) => Buffer;
  readonly parallel: number;
  readonly ms: number;
  /** Number of the first message. */
  readonly from?: number;
}

const METHOD = '/envoy.service.auth.v3.Authorization/Check';
const asIs = (bytes: Buffer): Buffer => bytes;

/** A connection of its own each: grpc-js would share one between clients of the same target. */
const OPTIONS = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_channelz': 0 };

/** Clients that send checks as bytes, in turn, so that they cost little compared with the server. */
export function createClientPool(target: string, connections = 1) {
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  const clients = Array.from(
    { length: connections },
    () => new Generic(target, credentials.createInsecure(), OPTIONS),
  );
  let turn = 0;

  function check(message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      turn = (turn + 1) % connections;
      clients[turn]?.makeUnaryRequest(
        METHOD,
        asIs,
        asIs,
        message,
        (error: ServiceError | null, answer?: Buffer) => {
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  }

  return {
    check,
    async keepBusy({ message, parallel, ms, from = 0 }: Busy): Promise<Sample[]> {
      const samples: Sample[] = [];
      let next = from;
      const until = performance.now() + ms;
      const lane = async (): Promise<void> => {
        for (let begun = performance.now(); begun < until; begun = performance.now()) {
          await check(message(next++));
          samples.push({ ms: performance.now() - begun });
        }
      };
      await Promise.all(Array.from({ length: parallel }, lane));
      return samples;
    },
    close() {
      for (const client of clients) client.close();
    },
  };
}
