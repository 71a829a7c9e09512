import { expect, test } from 'vitest';
import { packProblems } from './pack-problems.ts';

const PACK = { version: '1.2', state: 'works', limits: '', remedy: '' } as const;

test('it lists the node packs, what limits them and what to do', () => {
  const limited = { ...PACK, pack: 'two', version: null, limits: 'no list', remedy: 'update it' };
  expect(
    packProblems(
      {
        packs: [
          { ...PACK, pack: 'one' },
          { ...limited, state: 'partly' },
        ],
      },
      'http://c',
    ),
  ).toEqual([
    { level: 'ok', text: 'Node pack one 1.2: works' },
    { level: 'ok', text: 'Node pack two: partly: no list; update it' },
  ]);
});

test('it warns of profiles without effect', () => {
  expect(packProblems({ profileErrors: ['x.yaml: open: must be a list'] }, 'http://c')).toEqual([
    { level: 'warning', text: 'ComfyUI at http://c: x.yaml: open: must be a list' },
  ]);
});

test('a name cannot control the terminal', () => {
  expect(packProblems({ packs: [{ ...PACK, pack: 'x\u001b[2J' }] }, 'http://c')[0]?.text).not.toContain(
    '\u001b',
  );
});
