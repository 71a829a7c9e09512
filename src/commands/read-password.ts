import type { CommandContext } from './context.ts';
import { createLineEditor } from './line-editor.ts';

type Io = Pick<CommandContext, 'stdin' | 'err' | 'signal'>;

/** Reads lines from a terminal without echo. */
interface Typing {
  /** @param before already typed; @returns undefined on Ctrl-C, Ctrl-D, SIGTERM or a closed terminal */
  line(before: string): Promise<{ text: string; rest: string } | undefined>;
}

/** Reads the next line of a terminal in raw mode. */
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

/** Two equal lines; echo is off from before the first prompt until the end. */
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
    err('Repeat the password:');
    const again = await lines.line(password.rest);
    if (again?.text === password.text) return password.text;
    if (again !== undefined) err('The passwords do not match; nothing changed.');
    return undefined;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

const MAX_BYTES = 64 * 1024;

/** The first line of piped input; does not wait for more. */
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
    err('The password on standard input is not valid UTF-8; nothing changed.');
    return undefined;
  }
}

/**
 * Reads a password: from a terminal twice and without echo, else the first line of standard input.
 *
 * @returns undefined if there is none; the reason was printed
 */
export async function readPassword(io: Io): Promise<string | undefined> {
  return io.stdin.isTTY ? typedTwice(io) : piped(io);
}
