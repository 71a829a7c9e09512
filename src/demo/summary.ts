import type { DemoStack } from './demo-stack.ts';
import { reachable } from '../http/host-port.ts';
import type { Running } from '../stack/run-stack.ts';

interface SummaryOptions {
  readonly out: (line: string) => void;
  /** Time since the start, such as `3 s`. */
  readonly took: string;
  /** The console's address, with a link for the first administrator; undefined if it is off. */
  readonly console: string | undefined;
  /** The folder of data or logs, as shown in messages. */
  readonly shown: string;
}

const NAME_WIDTH = 10;

function consoleLine(console: string | undefined): string[] {
  return console === undefined ? [] : [`  ${'Console'.padEnd(NAME_WIDTH)}${console}`];
}

function address({ config }: Running): string {
  const scheme = config.gateway.tls === undefined ? 'http' : 'https';
  return `${scheme}://${reachable(config.gateway.listen)}`;
}

/** Prints the demo's address, users and first steps. */
export function printDemoSummary(
  { demo }: DemoStack,
  running: Running,
  { out, took, shown, console }: SummaryOptions,
): void {
  const [first, second] = demo.users;
  const url = address(running);
  const kept = demo.kept ? `data kept in ${shown} (npm start -- --reset starts over) · ` : '';
  const lines = [
    '',
    `  ${'Open'.padEnd(NAME_WIDTH)}${url}`,
    ...demo.users.map(({ name, password }) => `  ${name.padEnd(NAME_WIDTH)}${password}`),
    ...consoleLine(console),
    '',
    `  Try   1  sign in as ${first.name}, open workflow "hello", press Run`,
    `        2  sign out at ${url}/_auth/account and sign in as ${second.name}: none of ${first.name}'s work is visible`,
    `        3  curl -u ${first.name}:${first.password} ${url}/_tenant/me`,
    '',
    `  ready in ${took} · ${kept}Ctrl-C stops everything`,
  ];
  for (const line of lines) out(line);
}

/** Prints the address, logs and health check of a stack with its own configuration. */
export function printSummary(running: Running, { out, took, shown, console }: SummaryOptions): void {
  const lines = [
    '',
    `  ${'Open'.padEnd(NAME_WIDTH)}${address(running)}`,
    `  ${'Logs'.padEnd(NAME_WIDTH)}${shown}`,
    `  ${'Health'.padEnd(NAME_WIDTH)}http://${reachable(running.config.admin.listen)}/readyz`,
    ...consoleLine(console),
    '',
    `  ready in ${took} · Ctrl-C stops everything`,
  ];
  for (const line of lines) out(line);
}
