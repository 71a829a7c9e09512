import { isIsolated, type Row } from './verify.ts';
import type { EndpointVerification } from './verify-endpoints.ts';

const NAME_WIDTH = 50;
const COLUMN_WIDTH = 13;

/** One line of the table. */
function line(name: string, columns: readonly string[]): string {
  return `  ${name.padEnd(NAME_WIDTH - 1)} ${columns.map((column) => column.padEnd(COLUMN_WIDTH)).join('')}`.trimEnd();
}

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

function dimensionLine(dimension: string, rows: readonly Row[]): string {
  const both = rows.filter((row) => row.dimension === dimension);
  const bad = both.every(isIsolated) ? [] : ['<-- NOT ISOLATED'];
  return line(dimension, [
    yesNo(both.every((row) => row.aSeesOwn)),
    yesNo(both.some((row) => row.bSeesAs)),
    yesNo(both.every((row) => row.backAgain)),
    ...bad,
  ]);
}

function ending({ rows, probes, removed, left }: EndpointVerification): string[] {
  const good = rows.every(isIsolated) && probes.every(({ refused }) => refused);
  const verdict = good ? 'No leaks found.' : "NOT ISOLATED: a user can reach another user's data.";
  return [...left.map((one) => `  not removed: ${one}`), `  ${removed} test items removed. ${verdict}`];
}

/** Formats the result for one endpoint as a table; each line shows the worse of both directions. */
export function verifyTable(result: EndpointVerification): string[] {
  const { endpoint, target, rows, probes } = result;
  const where = target.host === undefined ? target.url : `${target.url} as ${target.host}`;
  const dimensions = [...new Set(rows.map((row) => row.dimension))];
  return [
    `Two temporary users through ${where} (endpoint ${endpoint})`,
    line('', ['a sees own', "b sees a's", 'a after b']),
    ...dimensions.map((dimension) => dimensionLine(dimension, rows)),
    ...probes.map(({ name, outcome }) => line(name, [outcome])),
    ...ending(result),
  ];
}
