import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { importFunArt } from '../../src/import-funart/import-funart.ts';
import { BASIC, configDirectory, JWT } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

/** For any input, loading returns a configuration or errors with positions. */
function loads(text: string): void {
  const loaded = directory.load(text);
  if (loaded.ok) return;
  expect(loaded.faults.length).toBeGreaterThan(0);
  for (const fault of loaded.faults)
    expect(fault).toMatch(/^comfy-tenant\.yaml(:[0-9]+:[0-9]+)?( \S.*)?: ./s);
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  ':',
  '- ',
  '\n',
  '  ',
  '&a ',
  '*a',
  '"',
  "'",
  '|\n',
  '? ',
  '!!map ',
  '<<: ',
  '${X}',
  '\0',
  '~',
  '\u2028',
];

test('a valid file with random insertions is loaded or rejected with positions', () => {
  const file = fc.constantFrom(BASIC, JWT, BASIC + JWT.replace('endpoints:\n', ''));
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 8 }));
  fc.assert(
    fc.property(file, fc.nat(1000), piece, (text, at, put) => {
      const place = at % text.length;
      loads(text.slice(0, place) + put + text.slice(place));
    }),
    { numRuns: 1000 },
  );
});

test('a valid file with random deletions is loaded or rejected with positions', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(BASIC, JWT),
      fc.nat(1000),
      fc.integer({ min: 1, max: 60 }),
      (text, at, length) => {
        const place = at % text.length;
        loads(text.slice(0, place) + text.slice(place + length));
      },
    ),
    { numRuns: 1000 },
  );
});

const KEYS = fc.constantFrom(
  'endpoints',
  'auth',
  'users',
  'issuers',
  'jwks',
  'keys',
  'method',
  'upstream',
  'domains',
  'name',
  'url',
  'file',
  '__proto__',
  'constructor',
  'toString',
  '0',
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom<unknown>(null, true, 7, 'BASIC', 'JWT', '', 'http://127.0.0.1:8188'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(KEYS, tie('tree'), { maxKeys: 5 }),
  ),
}));

test('any structure under known keys is rejected with positions', () => {
  fc.assert(
    fc.property(tree, (value) => {
      loads(stringify({ endpoints: [value], gateway: value, sameUsers: true }));
    }),
    { numRuns: 500 },
  );
});

test('any FunArt settings give a configuration or remarks, never a crash', async () => {
  const options = { upstream: 'http://127.0.0.1:8188', hash: () => Promise.resolve('') };
  const settings = fc.dictionary(
    fc.constantFrom(
      'authConfig',
      'authInfo',
      'authType',
      'jwks',
      'keys',
      'tokenLookup',
      'claimPassBy',
      'whitelist',
      'blacklist',
      'users',
      'domainName',
    ),
    fc.oneof(tree, fc.string(), fc.array(tree), fc.constant('header:a:b,::,form')),
  );
  await fc.assert(
    fc.asyncProperty(settings, async (input) => {
      const { yaml, remarks } = await importFunArt(input, options);
      expect(yaml !== undefined || remarks.length > 0).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
