import { expect, test } from 'vitest';
import { editText, EditError } from './edit-document.ts';

const TEXT = `\
# Who may sign in.
endpoints:
  # The drawing office.
  - name: studio # since 2024
    multiTenant: true

    auth:
      method: BASIC
      users:
        - { username: alice, password: old } # first
        # left in May:
        - { username: bob, password: old }
admin: { listen: 127.0.0.1:9002 }
`;

test('an edit changes its own line only', () => {
  const path = ['endpoints', 0, 'multiTenant'];
  expect(editText(TEXT, [{ kind: 'set', path, value: false }])).toBe(TEXT.replace('true', 'false'));
});

test('no edit changes nothing', () => {
  expect(editText(TEXT, [])).toBe(TEXT);
});

test('a list item is added at the end, and a list that is missing is created', () => {
  const users = ['endpoints', 0, 'auth', 'users'];
  const added = editText(TEXT, [{ kind: 'append', path: users, value: { username: 'eve' } }]);
  expect(added).toContain('# left in May:');
  expect(added).toContain('- username: eve');
  const rules = ['endpoints', 0, 'rules'];
  expect(editText(TEXT, [{ kind: 'append', path: rules, value: { deny: ['/x'] } }])).toContain('rules:');
});

test('a removed item takes its own comment along only', () => {
  const edited = editText(TEXT, [{ kind: 'remove', path: ['endpoints', 0, 'auth', 'users', 1] }]);
  expect(edited).not.toContain('bob');
  expect(edited).toContain('alice, password: old } # first');
});

test.each(['${HOME}', '$${HOME}', 'a ${B} c ${D}'])('typed text %s is never a variable', async (value) => {
  const { parseYaml } = await import('../config-file/yaml-source.ts');
  const edited = editText('portal: { title: x }\n', [{ kind: 'set', path: ['portal', 'title'], value }]);
  const { source, faults } = parseYaml(edited, { HOME: 'secret', B: 'secret', D: 'secret' });
  expect(faults).toEqual([]);
  expect(source.value).toEqual({ portal: { title: value } });
});

test.each([
  'no',
  '0x1F',
  '1e3',
  '- a',
  'a: b',
  '# c',
  '"',
  "'",
  'x\ny',
  '&a',
  '*a',
  '!t',
  '{',
  '|',
  '\u2028',
])('typed text %j stays that text', async (value) => {
  const { parseYaml } = await import('../config-file/yaml-source.ts');
  const edited = editText(TEXT, [{ kind: 'set', path: ['endpoints', 0, 'name'], value }]);
  const read = parseYaml(edited, {}).source.value as { endpoints: { name: string; multiTenant: boolean }[] };
  expect(read.endpoints).toHaveLength(1);
  expect(read.endpoints[0]).toMatchObject({ name: value, multiTenant: true });
});

test('a place behind an alias is not edited, because other places would change too', () => {
  const text = 'a: &x { b: 1 }\nc: *x\n';
  for (const place of ['a', 'c'])
    expect(() => editText(text, [{ kind: 'set', path: [place, 'b'], value: 2 }])).toThrow(EditError);
});

test('an item that is gone is not removed again, and broken YAML is left alone', () => {
  expect(() => editText(TEXT, [{ kind: 'remove', path: ['endpoints', 4] }])).toThrow('does not exist');
  expect(() => editText('a: [', [])).toThrow(EditError);
});
