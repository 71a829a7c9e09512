import { expect, test } from 'vitest';
import { isIsolated, verify } from '../../src/verify/verify.ts';
import { verifyTable } from '../../src/verify/verify-table.ts';
import { freePort } from '../../src/stack/ports.ts';
import { LeakyComfyui } from './leaky-comfyui.ts';

const PEOPLE = [
  { name: 'alice', authorization: 'alice' },
  { name: 'bob', authorization: 'bob' },
] as const;

async function verified(comfyui: LeakyComfyui) {
  const target = { url: await comfyui.serve() };
  const upstreams = [`http://127.0.0.1:${await freePort()}`];
  return { endpoint: 'demo', target, ...(await verify({ gateway: target, people: [...PEOPLE], upstreams })) };
}

test('two people who see nothing of each other are isolated, and all that they made is removed', async () => {
  const comfyui = new LeakyComfyui();
  const result = await verified(comfyui);
  expect(result.rows).toHaveLength(8);
  expect(result.rows.every(isIsolated)).toBe(true);
  expect(comfyui.things.size).toBe(0);
  expect(verifyTable(result).map((line) => line.replace(/:[0-9]{4,5} +/, ':PORT '))).toStrictEqual([
    'Two temporary users through http://127.0.0.1:PORT (endpoint demo)',
    "                                                    a sees own   b sees a's   a after b",
    '  workflows                                         yes          no           yes',
    '  inputs                                            yes          no           yes',
    '  outputs                                           yes          no           yes',
    '  queue, history, live events                       yes          no           yes',
    '  forged identity headers                           refused 1x, 2x, lower case, underscores, Connection, Comfy-User',
    '  direct connection to ComfyUI at 127.0.0.1:PORT not reachable from here (ECONNREFUSED)',
    '  8 test items removed. No leaks found.',
  ]);
});

test.each([
  ['workflows', 'workflows'],
  ['inputs', 'inputs'],
  ['outputs', 'outputs'],
  ['jobs', 'queue, history, live events'],
] as const)('a leak of %s is seen, both ways round, and nothing else is', async (leak, dimension) => {
  const comfyui = new LeakyComfyui(leak);
  const result = await verified(comfyui);
  const leaking = result.rows.filter((row) => !isIsolated(row));
  expect(leaking.map((row) => [row.dimension, row.owner, row.bSeesAs])).toStrictEqual([
    [dimension, 'alice', true],
    [dimension, 'bob', true],
  ]);
  expect(comfyui.things.size).toBe(0);
  expect(verifyTable(result).at(-1)).toBe(
    "  8 test items removed. NOT ISOLATED: a user can reach another user's data.",
  );
});

test('a gateway that believes the header of a client is found out', async () => {
  const { rows, probes } = await verified(new LeakyComfyui('header'));
  expect(rows.every(isIsolated)).toBe(true);
  expect(probes[0]).toStrictEqual({
    name: 'forged identity headers',
    refused: false,
    outcome: 'LET THROUGH 1x, lower case, Connection',
  });
});

test('a ComfyUI that serves whoever reaches its port is found out', async () => {
  const url = await new LeakyComfyui('header').serve();
  const gateway = { url: await new LeakyComfyui().serve() };
  // The same things in both, as if the second were the way round the first.
  const open = await verify({ gateway: { url }, people: [...PEOPLE], upstreams: [url] });
  expect(open.probes[1]).toStrictEqual({
    name: `direct connection to ComfyUI at ${new URL(url).host}`,
    refused: false,
    outcome: 'LET THROUGH: the plugin has no key',
  });
  const closed = await verify({ gateway, people: [...PEOPLE], upstreams: [gateway.url] });
  expect(closed.probes[1]?.refused).toBe(true);
});

test('an answer that says nothing about isolation is an error, not a proof', async () => {
  const gateway = { url: `http://127.0.0.1:${await freePort()}` };
  await expect(verify({ gateway, people: [...PEOPLE], upstreams: [] })).rejects.toThrow('ECONNREFUSED');
});

test('a worker that runs no prompts is named, with what to do, before the temporary users expire', async () => {
  const comfyui = new LeakyComfyui(undefined, 'dead');
  const untilMs = Date.now() + 16_000;
  const people = [
    { name: 'alice', authorization: 'alice', untilMs },
    { name: 'bob', authorization: 'bob', untilMs },
  ] as const;
  await expect(verify({ gateway: { url: await comfyui.serve() }, people, upstreams: [] })).rejects.toThrow(
    /^the workflow of alice did not finish within \d+ s; it is still in ComfyUI's queue: its worker does not run prompts \(dead or hanging\), or other users' prompts are ahead\. See ComfyUI's log, restart ComfyUI if its worker is dead, then verify again$/,
  );
  expect(Date.now()).toBeLessThan(untilMs);
  expect(comfyui.things.size).toBe(0);
});

test.each(['localhost', '192.168.100.100', '*.example.com', 'a-very-long-name-of-a-host.example.com'])(
  'the table keeps its columns for the host %s',
  async (host) => {
    const result = await verified(new LeakyComfyui());
    const table = verifyTable({ ...result, target: { ...result.target, host } });
    expect(table[0]).toMatch(new RegExp(` as ${host.replaceAll(/[*.]/g, '.')} \\(endpoint demo\\)$`));
    expect(table[1]?.indexOf('a sees own')).toBe(table[2]?.indexOf('yes'));
  },
);
