import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { openSessionKeys, type OpenSessionKeys } from './open-session-keys.ts';
import { rotateSessionKeys } from './rotate-session-keys.ts';
import { formatSessionKeys, makeSessionKey, parseSessionKeys } from './session-keys.ts';

let directory: ReturnType<typeof aDirectory>;
let file: string;
const opened: OpenSessionKeys[] = [];
beforeEach(() => {
  directory = aDirectory();
  file = join(directory.path, 'own', 'session.keys');
});
afterEach(() => {
  for (const keys of opened.splice(0)) keys.close();
  directory.remove();
});

function open(onChange: (problem: string | undefined) => void = () => undefined): OpenSessionKeys {
  const keys = openSessionKeys(file, onChange);
  opened.push(keys);
  return keys;
}

test('a missing file is created for its owner only, and replicas share it', () => {
  const [one, other] = [open(), open()];
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(other.current).toEqual(one.current);
});

test('a rotation is noticed: the new key signs, the previous one stays', async () => {
  const keys = open();
  const [before] = keys.current;
  const kid = rotateSessionKeys(file);
  await vi.waitUntil(() => keys.generation === 1, { timeout: 20_000 });
  expect(keys.current.map((key) => key.kid)).toEqual([kid, before.kid]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('an unusable file is reported, and the previous keys stay in use until it is corrected', async () => {
  const onChange = vi.fn();
  const keys = open(onChange);
  const { current } = keys;
  writeFileSync(file, '{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0LXNlY3JldA"}]}');
  await vi.waitUntil(() => keys.problem !== undefined, { timeout: 20_000 });
  expect(keys.problem).toBe(`${file}: keys[0]: k must be base64url of at least 32 bytes`);
  expect(keys.current).toBe(current);
  writeFileSync(file, formatSessionKeys([makeSessionKey()]));
  await vi.waitUntil(() => keys.problem === undefined, { timeout: 20_000 });
  expect(keys.generation).toBe(1);
});

test.each([
  ['', 'is not valid JSON'],
  ['{"keys":{}}', 'must be a JWKS: {"keys": [ … ]}'],
  ['{"keys":[]}', 'contains no key'],
  ['{"keys":[{"kty":"EC"}]}', 'keys[0]: must be a JWK with kty oct, kid and k'],
])('%s is rejected without quoting it', (text, rule) => {
  expect(() => parseSessionKeys(text, 'session.keys')).toThrow(rule);
});
