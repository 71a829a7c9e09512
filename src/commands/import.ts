import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeHash } from '../basic/make-hash.ts';
import { importFunArt } from '../import-funart/import-funart.ts';
import { readTextFile } from '../config-file/read-text-file.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant import funart <authConfig.json> [--upstream http://127.0.0.1:8188]

Converts the authConfig of a FunArt (Function Compute) custom domain to a comfy-tenant configuration: jwks, tokenLookup,
claimPassBy and whitelist, or a Basic user list, whose passwords are hashed. Settings that cannot be converted are listed
on standard error. Validate the result with comfy-tenant check.`;

const MAX_MEBIBYTES = 4;

function parseJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined; // The caller reports it with the file name.
  }
}

export const importConfig: Command = async ({ args, cwd, out, err }) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { upstream: { type: 'string', default: 'http://127.0.0.1:8188' } },
  });
  const [from, file, ...others] = positionals;
  if (from !== 'funart' || file === undefined || others.length > 0) {
    err('comfy-tenant import: expected funart <authConfig.json>. See comfy-tenant import --help');
    return EXIT.usage;
  }
  const read = readTextFile(resolve(cwd, file), MAX_MEBIBYTES);
  const parsed = read.ok ? parseJson(read.text) : undefined;
  if (parsed === undefined) {
    err(`comfy-tenant import: ${file} ${read.ok ? 'is not JSON' : read.fault}`);
    return EXIT.failed;
  }
  const { yaml, remarks } = await importFunArt(parsed.json, {
    upstream: values.upstream,
    hash: (password) => makeHash(password, 'argon2id'),
  });
  for (const remark of remarks) err(remark);
  if (yaml === undefined) return EXIT.failed;
  out(yaml.trimEnd());
  return EXIT.ok;
};
