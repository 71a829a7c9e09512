import { afterEach, beforeEach, expect, test } from 'vitest';
import { configDirectory, faultsOf, type ConfigDirectory } from './config-file.ts';
import { FAULTS, GOOD } from './fault-table.ts';

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
});
afterEach(() => {
  directory.remove();
});

function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Planted {
  readonly text: string;
  /** Line number → the fault added there. */
  readonly at: ReadonlyMap<number, string>;
}

function plant(faults: readonly (typeof FAULTS)[number][]): Planted {
  const lines = GOOD.split('\n');
  const bad = new Map(faults.map(([line, by]) => [line, by]));
  const at = new Map<number, string>();
  const text: string[] = [];
  for (const line of lines) {
    const by = bad.get(line);
    if (by !== undefined) at.set(text.length + 1, by);
    text.push(...(by ?? line).split('\n'));
  }
  return { text: text.join('\n'), at };
}

function lineOf(fault: string): number {
  return Number(/^comfy-tenant\.yaml:(\d+):/.exec(fault)?.[1] ?? 0);
}

test('without a fault the configuration is valid', () => {
  const loaded = directory.load(GOOD);
  expect(loaded.ok).toBe(true);
  expect(loaded.warnings).toEqual([expect.stringContaining('a list has no failover of live sessions')]);
});

test.each(FAULTS.map((fault) => [fault[1].trim(), fault] as const))(
  '%s is reported at its line',
  (_, fault) => {
    const { text, at } = plant([fault]);
    const faults = faultsOf(directory.load(text));
    expect(faults.map(lineOf)).toContain([...at.keys()][0]);
    expect(new Set(faults).size).toBe(faults.length);
  },
);

/** The message of each fault when it is the only one. */
const alone = new Map<string, number>();

test('of two to five faults, each is reported in file order, and nothing else', () => {
  for (const fault of FAULTS) {
    const { text } = plant([fault]);
    alone.set(fault.join('→'), faultsOf(directory.load(text)).length);
  }
  const random = randomFrom(7);
  for (let round = 0; round < 600; round++) {
    const faults = new Map<string, (typeof FAULTS)[number]>();
    const count = 2 + random(4);
    while (faults.size < count) {
      const fault = FAULTS[random(FAULTS.length)]!;
      if (!faults.has(fault[0])) faults.set(fault[0], fault);
    }
    if ([...faults.values()].some(([, , dependsOn]) => dependsOn !== undefined && faults.has(dependsOn)))
      continue;
    const { text, at } = plant([...faults.values()]);
    const found = faultsOf(directory.load(text));
    const lines = found.map(lineOf);
    for (const [line, bad] of at) expect(lines, `${bad}\n${text}\n${found.join('\n')}`).toContain(line);
    expect(lines).toEqual(lines.toSorted((one, other) => one - other));
    expect(new Set(found).size).toBe(found.length);
    const most = [...faults.values()].reduce((sum, fault) => sum + (alone.get(fault.join('→')) ?? 0), 0);
    expect(found.length, `${text}\n${found.join('\n')}`).toBeLessThanOrEqual(most);
  }
});

test.each([
  ['a missing variable', 'multiTenant: true', 'multiTenant: ${GPU}\n    wrong: 1'],
  ['a text that is not valid YAML further down', 'log: { level: info }', 'log: { level: "info }'],
])('%s does not hide errors before it', (_, part, by) => {
  const text = GOOD.replace('name: studio', 'name: Not A Name')
    .replace(part, by)
    .replace('realm: Studio', 'relm: Studio');
  const lines = faultsOf(directory.load(text)).map(lineOf);
  expect(lines).toContain(2);
  expect(lines).toContain(by.includes('wrong') ? 6 : 8);
});
