import { afterEach, expect, test } from 'vitest';
import { aDirectory } from '../../test/support/temp-dir.ts';
import { createAuditTail } from './audit-tail.ts';

const directory = aDirectory();
afterEach(() => {
  directory.remove();
});

test('the last events are found in any case, the newest first, also those of earlier runs', () => {
  const file = directory.write('audit.jsonl', '{"user":"Alice","n":1}\n{"user":"bob","n":2}\n\n{"user":"al');
  const tail = createAuditTail(file);
  tail.add('{"user":"alice","n":3}');
  expect(tail.search('ALICE', 10)).toEqual(['{"user":"alice","n":3}', '{"user":"Alice","n":1}']);
  expect(tail.search('', 2)).toHaveLength(2);
  expect(tail.search('carol', 10)).toEqual([]);
  // A crash cut off the last line of the file.
  expect(tail.search('', 10)).toHaveLength(3);
});

test('a file without events, and none at all, are no problem', () => {
  expect(createAuditTail(`${directory.path}/missing`).search('', 10)).toEqual([]);
  expect(createAuditTail(undefined).search('', 10)).toEqual([]);
});
