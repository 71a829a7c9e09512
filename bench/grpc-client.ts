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

/** A client that sends checks as bytes, so that it costs as little as it can beside the server. */
export function createClientPool(target: string) {
  const Generic = makeGenericClientConstructor({}, 'Authorization');
  const client = new Generic(target, credentials.createInsecure());

  function check(message: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(METHOD, asIs, asIs, message, (error: ServiceError | null, answer?: Buffer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('no answer'));
      });
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
      client.close();
    },
  };
}
