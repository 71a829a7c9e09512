import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly name: string; readonly values: readonly string[] }[];
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
