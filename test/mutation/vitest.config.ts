import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { alias, patience } from '../../vitest.config.ts';
import { exclude } from '../../vitest.fast.config.ts';

// The first failing test ends a mutant's run, so the quickest files come first.
const ORDER = ['/src/', '/test/config/', '/test/attacks/', '/test/grpc/'];

class QuickestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number =>
      ORDER.findIndex((folder) => moduleId.includes(folder));
    return Promise.resolve([...files].sort((one, other) => place(one) - place(other)));
  }
}

/** What `npm run test:mutation` runs against each mutant: the fast tests that concern the five rooms, without the slow ones. */
export default defineConfig({
  resolve: { alias },
  test: {
    exclude,
    ...patience,
    sequence: { sequencer: QuickestFirst },
    include: [
      'src/{auth,basic,jwt,token,ext-authz,cache}/**/*.test.ts',
      'src/commands/{hash,key,token,user}.test.ts',
      'src/service/*.test.ts',
      'test/attacks/**/*.test.ts',
      'test/config/{accepted,basic-faults,issuer-faults,issuer-shape-faults,key-faults,place-faults,shared-faults}.test.ts',
      'test/grpc/{discovery,gateway-token,service}.test.ts',
    ],
  },
});
