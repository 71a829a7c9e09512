import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Measured } from './load.ts';

export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly string[] }[];
}

export const checkColumns: readonly string[] = [
  'checks/s',
  'ratio to the floor',
  'p50 ms',
  'p99 ms',
  'CPU µs a check, service',
  "the floor's CPU, of this",
];

/** Rows of checks, the floor first. */
export function checkRows(rows: readonly Measured[]): Section['rows'] {
  const [floor] = rows;
  return rows.map(({ name, perSecond, p50Ms, p99Ms, cpuMicros }) => ({
    name,
    values: [
      perSecond.toFixed(0),
      (perSecond / (floor?.perSecond ?? Number.NaN)).toFixed(3),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      cpuMicros.toFixed(0),
      ((floor?.cpuMicros ?? Number.NaN) / cpuMicros).toFixed(3),
    ],
  }));
}

/** The section as Markdown. */
export function table({ title, columns, rows }: Section): string {
  const lines = [
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---:').join('|')}|`,
    ...rows.map(({ name, values }) => `| ${name} | ${values.join(' | ')} |`),
  ];
  return `\n### ${title}\n\n${lines.join('\n')}\n`;
}

function grpcVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, { version?: string }> };
  return packages['node_modules/@grpc/grpc-js']?.version ?? 'unknown';
}

/** Writes the run to `bench/results.md`: one run, all of it. */
export function writeResults(sections: readonly Section[]): void {
  const [cpu] = cpus();
  const where = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, Node ${process.version}, grpc-js ${grpcVersion()}`;
  const head = `# Benchmark\n\nOne run of \`npm run bench\`, on ${where}; clients on the same cores. Only the ratios mean something.\n`;
  writeFileSync(join(import.meta.dirname, 'results.md'), head + sections.map(table).join(''));
}
