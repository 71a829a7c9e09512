import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretConcealer } from './conceal-secrets.ts';
import { diffLines } from './diff-lines.ts';
import { unifiedDiff } from './unified-diff.ts';

const texts = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
  .map((lines) => lines.join('\n'));

test('a comparison contains both texts', () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const all = diffLines(before, after);
      const without = (kind: string): string =>
        all.flatMap((line) => (line.kind === kind ? [] : [line.text])).join('\n');
      expect(without('added')).toBe(before);
      expect(without('removed')).toBe(after);
    }),
  );
});

test('patch(1) applies what is offered', () => {
  const directory = mkdtempSync(join(tmpdir(), 'comfy-tenant-'));
  const before = Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n') + '\n';
  const after = before
    .replace('line 3\n', 'line three\n')
    .replace('line 20\n', '')
    .replace('line 39', 'line 39\nnew');
  const file = join(directory, 'comfy-tenant.yaml');
  writeFileSync(file, before);
  execFileSync('git', ['apply', '-p1', '-'], {
    cwd: directory,
    input: unifiedDiff(before, after, 'comfy-tenant.yaml'),
  });
  expect(readFileSync(file, 'utf8')).toBe(after);
  rmSync(directory, { recursive: true });
});

test('equal texts have no difference', () => {
  expect(unifiedDiff('a\n', 'a\n', 'x')).toBe('');
});

const KEY = Buffer.alloc(32, 1);

test.each([
  ['password: "hunter2hunter2"', 'hunter2hunter2'],
  ['clientSecret: s3cr3t-value', 's3cr3t-value'],
  ['keys: [{ kty: oct, k: AAECAwQFBgc }]', 'AAECAwQFBgc'],
  ['{ kty: EC, d: "privateprivate" }', 'privateprivate'],
  ['# was $2b$10$abcdefghijklmnopqrstuv', 'abcdefghijklmnopqrstuv'],
  ['# {SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'W6ph5Mm5Pz8GgiULbPgzG37mj9g'],
  ['password: |\n  first-line\n  second-line', 'second-line'],
  ["password: 'it''s quoted'", "it''s quoted"],
  ['x: &shared shared-secret\npassword: *shared', 'shared-secret'],
  ['oth: [{ r: other-prime }]', 'other-prime'],
  ['password: broken-file\n  a: [', 'broken-file'],
])('the secret in %j is hidden', (text, secret) => {
  expect(secretConcealer([text], KEY)(text)).not.toContain(secret);
});

test('a changed secret shows as a change, without either', () => {
  const [before, after] = ['password: first-secret\n', 'password: other-secret\n'];
  const conceal = secretConcealer([before, after], KEY);
  const diff = unifiedDiff(conceal(before), conceal(after), 'x');
  expect(diff).toMatch(/-password: \(hidden .*\)\n\+password: \(hidden/);
  expect(diff).not.toMatch(/first-secret|other-secret/);
});
