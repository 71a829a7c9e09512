import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { isIsolated } from '../verify/verify.ts';
import { verifyEndpoints } from '../verify/verify-endpoints.ts';
import { verifyTable } from '../verify/verify-table.ts';
import type { Concealment } from '../config-file/conceal.ts';
import { concealedOutput } from './concealed-output.ts';
import { EXIT, type Command, type CommandContext } from './context.ts';
import { isUsageError, reportError } from './exit-code.ts';

export const help = `comfy-tenant verify [--config comfy-tenant.yaml] [--url http://…] [--json]

Tests isolation through the running gateway: two temporary users create workflows, inputs, outputs and jobs, try to read
each other's, forge headers and connect to ComfyUI's port directly. Everything they created is removed. They exist for
two minutes, and only someone who can read comfyui.verifyKeyFile can create them. Exit code 0: isolated; 1: not.

  --url    the gateway's URL (default: from gateway.listen)
  --json   print the results as JSON`;

export const verify: Command = async (context) => {
  const { concealment, out, err } = concealedOutput(context);
  try {
    return await run({ ...context, out, err }, concealment);
  } catch (error) {
    if (isUsageError(error)) throw error;
    return reportError('verify', error, err);
  }
};

async function run(
  { args, env, cwd, out, err, signal }: CommandContext,
  concealment: Concealment,
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', short: 'c' }, url: { type: 'string' }, json: { type: 'boolean' } },
  });
  const named = values.config ?? 'comfy-tenant.yaml';
  const loaded = loadConfig(resolve(cwd, named), env, named);
  concealment.add(loaded.conceal);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return EXIT.config;
  }
  const results = await verifyEndpoints(loaded.config, { url: values.url, signal });
  if (results.length === 0) {
    err(`${named}: no endpoint has multiTenant: true, so there is nothing to verify`);
    return EXIT.config;
  }
  if (values.json === true) out(JSON.stringify(results, null, 2));
  else for (const result of results) for (const line of verifyTable(result)) out(line);
  const isolated = results.every(
    ({ rows, probes }) => rows.every(isIsolated) && probes.every(({ refused }) => refused),
  );
  return isolated ? EXIT.ok : EXIT.failed;
}
