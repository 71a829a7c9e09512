import { afterAll, expect, test } from 'vitest';
import { basicWith, configDirectory, faultsOf, JWT, lineOf } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

const jwt = (lines: string): string => `${JWT}${lines.replace(/^\n/, '')}`;

test('a test that fails is a fault that says what decided', () => {
  const text = basicWith(`
    rules:
      - { name: operators clean, allow: POST /free, to: { operators: true } }
      - { deny: POST /free, why: "Ask Bobby." }
    tests:
      - { as: alice, request: POST /api/free, expect: deny }
      - { as: bobby, request: POST /api/free, expect: allow }
      - { as: alice, request: POST /api/free, expect: allow }
      - { as: bobby, request: POST /free, expect: deny }
      - { as: alice, request: GET /queue, expect: deny }
      - { as: alice, request: GET /%2571ueue, expect: allow }
`);
  const at = lineOf(text, 'tests:');
  expect(faultsOf(directory.load(text))).toEqual([
    `comfy-tenant.yaml:${at + 3}:9 endpoints[0].tests[2]: POST /api/free as alice must be allowed, but is denied, because rule 2 denies it: change the rules or the test`,
    `comfy-tenant.yaml:${at + 4}:9 endpoints[0].tests[3]: POST /free as bobby must be denied, but is allowed, because rule 1 (operators clean) allows it: change the rules or the test`,
    `comfy-tenant.yaml:${at + 5}:9 endpoints[0].tests[4]: GET /queue as alice must be denied, but is allowed, because no rule concerns this user matches: change the rules or the test`.replace(
      'no rule concerns this user matches',
      'none of the rules that concern this user matches, and the default is to allow',
    ),
    `comfy-tenant.yaml:${at + 6}:9 endpoints[0].tests[5]: GET /%2571ueue as alice must be allowed, but is denied, because the path can be read in several ways, so it is refused (400): change the rules or the test`,
  ]);
});

test('claims in a test', () => {
  const rules = `
    rules:
      - { allow: /*, to: { claim: { name: groups, value: artists } } }
      - { deny: /* }
    tests:
      - { as: zoe, claims: { groups: [artists, x] }, request: GET /, expect: allow }
      - { as: zoe, claims: { groups: artists }, request: GET /, expect: allow }
      - { as: zoe, request: GET /, expect: deny }
`;
  expect(faultsOf(directory.load(jwt(rules)))).toEqual([]);
  expect(faultsOf(directory.load(jwt(rules.replace('value: artists', 'value: artist'))))).toHaveLength(2);
});
