import { parseArgs } from 'node:util';
import { makeHash, passwordFault, type HashKind } from '../basic/make-hash.ts';
import { EXIT, type Command } from './context.ts';
import { readPassword } from './read-password.ts';

export const help = `comfy-tenant hash [--bcrypt]

Prints the hash of a password, for users in the configuration or in a users file. Prompts twice without echo, or reads
the first line of standard input if that is not a terminal.

  --bcrypt   bcrypt with cost 12 instead of argon2id (19 MiB, 2 passes), for files shared with other programs`;

export const hash: Command = async (context) => {
  const { values } = parseArgs({ args: [...context.args], options: { bcrypt: { type: 'boolean' } } });
  const kind: HashKind = values.bcrypt === true ? 'bcrypt' : 'argon2id';
  const password = await readPassword(context);
  if (password === undefined) return EXIT.failed;
  const fault = passwordFault(password, { kind });
  if (fault !== undefined) {
    context.err(`comfy-tenant hash: ${fault}`);
    return EXIT.failed;
  }
  context.out(await makeHash(password, kind));
  return EXIT.ok;
};
