import { afterAll, expect, test } from 'vitest';
import { comfyuiGroups } from '../../src/config/comfyui-groups.ts';
import { BCRYPT, configDirectory } from './config-file.ts';

const directory = configDirectory();
afterAll(() => {
  directory.remove();
});

/** `name: upstreams`; a name that starts with `not-` is not multi-tenant. */
function groupsOf(endpoints: Readonly<Record<string, string>>, comfyui = '{}') {
  const list = Object.entries(endpoints).map(
    ([name, upstream]) =>
      `  - { name: ${name}, domains: [${name}.test], upstream: [${upstream}], multiTenant: ${String(!name.startsWith('not-'))}, auth: { method: BASIC, users: [{ username: alice, password: "${BCRYPT}" }] } }`,
  );
  const loaded = directory.load(`endpoints:\n${list.join('\n')}\nsameUsers: true\ncomfyui: ${comfyui}\n`);
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  return comfyuiGroups(loaded.config);
}

const [A, B, C] = ['http://a:8188', 'http://b:8188', 'http://c:8188'];

test('one set of ComfyUIs has one file', () => {
  const [group, ...others] = groupsOf({ one: `${A}, ${B}`, two: `${B}, ${A}` });
  expect(others).toEqual([]);
  expect(group).toMatchObject({
    endpoints: ['one', 'two'],
    upstreams: [A, B],
    file: `${directory.path}/.comfy-tenant/public/comfyui.json`,
  });
});

test('each set of ComfyUIs has its own audience and its own file', () => {
  const groups = groupsOf({ one: A, two: B, three: A, 'not-four': C });
  expect(groups.map(({ endpoints }) => endpoints)).toEqual([['one', 'three'], ['two']]);
  expect(groups.map(({ file }) => file.split('/').at(-1))).toEqual(['comfyui-one.json', 'comfyui-two.json']);
  expect(new Set(groups.map(({ audience }) => audience)).size).toBe(2);
});

test('sets that share a ComfyUI are merged, because it accepts only one audience', () => {
  const groups = groupsOf({ one: A, two: B, three: `${A}, ${B}`, four: C });
  expect(groups.map(({ endpoints }) => endpoints)).toEqual([['one', 'two', 'three'], ['four']]);
});

test('the audience depends on the addresses, not on their spelling or order', () => {
  const of = (upstream: string): string | undefined => groupsOf({ one: upstream })[0]?.audience;
  expect(of('http://localhost:80')).toBe(of('http://127.0.0.1'));
  expect(of(`${A}, ${B}`)).toBe(of(`${B}, ${A}`));
  expect(of(A)).not.toBe(of(B));
  expect(of(`${A}, ${B}`)).not.toBe(of(A));
  expect(of(A)).toMatch(/^comfyui-[0-9a-f]{32}$/);
});

test('the folder of public keys is configurable', () => {
  expect(groupsOf({ one: A }, '{ publicKeyDir: for-comfyui }')[0]?.file).toBe(
    `${directory.path}/for-comfyui/comfyui.json`,
  );
});

test('without a multi-tenant endpoint no ComfyUI needs keys', () => {
  expect(groupsOf({ 'not-one': A })).toEqual([]);
});
