import type { DemoStack } from './demo-stack.ts';
import { parseHostPort, reachable } from '../http/host-port.ts';
import type { Running } from '../stack/run-stack.ts';

interface Telling {
  readonly out: (line: string) => void;
  /** Since the start, in words. */
  readonly took: string;
  /** How the folder of data or logs is called. */
  readonly shown: string;
}

const NAME_WIDTH = 10;

function address({ config }: Running): string {
  const scheme = config.gateway.tls === undefined ? 'http' : 'https';
  return `${scheme}://${reachable(parseHostPort(config.gateway.listen))}`;
}

/** The last lines of a demo's start: where to go, as whom, what to try. */
export function printDemoSummary({ demo }: DemoStack, running: Running, { out, took, shown }: Telling): void {
  const [first, second] = demo.users;
  const url = address(running);
  const kept = demo.kept ? `data kept in ${shown} (npm start -- --reset to begin anew) · ` : '';
  const lines = [
    '',
    `  ${'Open'.padEnd(NAME_WIDTH)}${url}`,
    ...demo.users.map(({ name, password }) => `  ${name.padEnd(NAME_WIDTH)}${password}`),
    '',
    `  Try   1  sign in as ${first.name}, open workflow "hello", press Run`,
    `        2  in a private window sign in as ${second.name}: nothing of ${first.name}'s is there`,
    `        3  curl -u ${first.name}:${first.password} ${url}/_tenant/me`,
    '',
    `  ready in ${took} · ${kept}Ctrl-C stops everything`,
  ];
  for (const line of lines) out(line);
}

/** The last lines of a start with a configuration of one's own. */
export function printSummary(running: Running, { out, took, shown }: Telling): void {
  const lines = [
    '',
    `  ${'Open'.padEnd(NAME_WIDTH)}${address(running)}`,
    `  ${'Logs'.padEnd(NAME_WIDTH)}${shown}`,
    `  ${'Health'.padEnd(NAME_WIDTH)}http://${reachable(parseHostPort(running.config.admin.listen))}/readyz`,
    '',
    `  ready in ${took} · Ctrl-C stops everything`,
  ];
  for (const line of lines) out(line);
}
