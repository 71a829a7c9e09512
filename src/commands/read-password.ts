import type { CommandContext } from './context.ts';
import { createLineEditor } from './line-editor.ts';

type Io = Pick<CommandContext, 'stdin' | 'err' | 'signal'>;

/** Lines typed at a terminal that does not show them. */
interface Typing {
  /** @param before typed already; @returns undefined at Ctrl-C, Ctrl-D, SIGTERM or when the terminal is gone */
  line(before: string): Promise<{ text: string; rest: string } | undefined>;
}

/** Gives the next line of a terminal that is in raw mode. */
function typing({ stdin, signal }: Pick<Io, 'stdin' | 'signal'>): Typing {
  return {
    line: (before) =>
      new Promise((resolve) => {
        const editor = createLineEditor();
        const stop = (result: { text: string; rest: string } | undefined): void => {
          stdin.off('data', take).off('end', cancel).off('close', cancel).off('error', cancel);
          signal.removeEventListener('abort', cancel);
          resolve(result);
        };
        const cancel = (): void => {
          stop(undefined);
        };
        const take = (chunk: string): void => {
          const edited = editor.take(chunk);
          if (edited.kind !== 'more') stop(edited.kind === 'line' ? edited : undefined);
        };
        signal.addEventListener('abort', cancel);
        stdin.on('data', take).once('end', cancel).once('close', cancel).once('error', cancel);
        if (signal.aborted) cancel();
        else if (before !== '') take(before);
      }),
  };
}

/** Two lines that must be equal; the terminal shows nothing from before the first prompt until the end. */
async function typedTwice(io: Io): Promise<string | undefined> {
  const { stdin, err } = io;
  stdin.setRawMode(true);
  try {
    stdin.setEncoding('utf8');
    const lines = typing(io);
    err('Password (not shown):');
    const first = lines.line('');
    stdin.resume();
    const password = await first;
    if (password === undefined) return undefined;
    err('The same again:');
    const again = await lines.line(password.rest);
    if (again?.text === password.text) return password.text;
    if (again !== undefined) err('The two differ. Nothing was done.');
    return undefined;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

const MAX_BYTES = 64 * 1024;

/** The first line of what is piped in; nothing behind it is waited for. */
async function piped({ stdin, err }: Io): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const part = Buffer.from(chunk as Buffer);
    chunks.push(part);
    bytes += part.length;
    if (part.includes(0x0a) || bytes > MAX_BYTES) break;
  }
  const all = Buffer.concat(chunks);
  const end = all.indexOf(0x0a);
  try {
    const line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      end < 0 ? all : all.subarray(0, end),
    );
    return line.replace(/\r$/, '');
  } catch {
    err('The password on standard input is not UTF-8: send it as UTF-8. Nothing was done.');
    return undefined;
  }
}

/**
 * Reads a password: from a terminal twice and without echo, else the first line of standard input.
 *
 * @returns undefined, with the reason told, when there is none to go on with
 */
export async function readPassword(io: Io): Promise<string | undefined> {
  return io.stdin.isTTY ? typedTwice(io) : piped(io);
}
