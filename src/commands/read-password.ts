import type { CommandContext } from './context.ts';

type Io = Pick<CommandContext, 'stdin' | 'err' | 'signal'>;

const END = new Set(['\r', '\n', '\u0004']);
const ERASE = new Set(['\b', '\u007f']);
const INTERRUPT = '\u0003';

/** One line from the terminal, not shown; undefined at Ctrl-C. */
async function typed({ stdin, err, signal }: Io, prompt: string): Promise<string | undefined> {
  err(prompt);
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  try {
    return await new Promise((resolve) => {
      let text: string[] = [];
      const stop = (result: string | undefined): void => {
        stdin.off('data', take);
        signal.removeEventListener('abort', cancel);
        resolve(result);
      };
      const cancel = (): void => {
        stop(undefined);
      };
      const take = (chunk: string): void => {
        for (const key of chunk) {
          if (key === INTERRUPT) {
            cancel();
            return;
          }
          if (END.has(key)) {
            stop(text.join(''));
            return;
          }
          text = ERASE.has(key) ? text.slice(0, -1) : [...text, key];
        }
      };
      signal.addEventListener('abort', cancel);
      stdin.on('data', take);
      stdin.resume();
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** The first line of what is piped in. */
async function piped({ stdin }: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer));
  const [line = ''] = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)).split(/\r?\n/);
  return line;
}

/**
 * Reads a password: from a terminal twice and without echo, else the first line of standard input.
 *
 * @returns undefined, with the reason told, when there is none to go on with
 */
export async function readPassword(io: Io): Promise<string | undefined> {
  if (!io.stdin.isTTY) return piped(io);
  const password = await typed(io, 'Password (not shown):');
  if (password === undefined) return undefined;
  const again = await typed(io, 'The same again:');
  if (again === password) return password;
  if (again !== undefined) io.err('The two differ. Nothing was done.');
  return undefined;
}
