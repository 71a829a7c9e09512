import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { verifyPassword } from '../../src/basic/verify-password.ts';
import { scratchFolder } from './start-up.ts';

const ROOT = join(import.meta.dirname, '../..');
const LOADER = join(ROOT, 'node_modules/tsx/dist/loader.mjs');
const PROMPT = 'Password (not shown):';
const AGAIN = 'Repeat the password:';

interface Step {
  readonly after: string;
  readonly keys: readonly (string | readonly number[])[];
}

interface Seen {
  readonly shown: string;
  readonly code: number;
}

/** `comfy-tenant hash` on a real terminal, with a shell around it that reports when the terminal echoes again. */
async function typeAt(steps: readonly Step[]): Promise<Seen> {
  const script = join(scratchFolder(), 'run.sh');
  const main = join(ROOT, 'src/main.ts');
  writeFileSync(
    script,
    `node --import '${LOADER}' '${main}' hash\ncode=$?\nstty -a | grep -q ' echo ' && echo restored\nexit $code\n`,
  );
  const spec = {
    command: ['sh', script],
    cwd: ROOT,
    steps: steps.map(({ after, keys }) => ({
      after,
      keys: keys.map((part) => (typeof part === 'string' ? [...Buffer.from(part)] : part)),
    })),
  };
  const { stdout } = await promisify(execFile)('python3', [
    join(import.meta.dirname, 'terminal.py'),
    JSON.stringify(spec),
  ]);
  return JSON.parse(stdout) as Seen;
}

const hashIn = (shown: string): string => /\$argon2id\S+/.exec(shown)?.[0] ?? '';

test.each<[string, string, readonly Step[]]>([
  [
    'typed at each prompt',
    'sesame',
    [
      { after: PROMPT, keys: ['sesame\r'] },
      { after: AGAIN, keys: ['sesame\r'] },
    ],
  ],
  ['typed at once, both lines in one piece', 'sesame', [{ after: PROMPT, keys: ['sesame\rsesame\r'] }]],
  ['pasted with line feeds', 'sesame', [{ after: PROMPT, keys: ['sesame\nsesame\n'] }]],
  [
    'pasted in brackets',
    'sesame',
    [{ after: PROMPT, keys: ['\u001b[200~sesame\u001b[201~\r', '\u001b[200~sesame\u001b[201~\r'] }],
  ],
  [
    'typed in single bytes of UTF-8',
    'pässé😀',
    [{ after: PROMPT, keys: [...Buffer.from('pässé😀\rpässé😀\r')].map((byte) => [byte]) }],
  ],
  [
    'corrected with backspace, across an emoji and an accent',
    'säm',
    [{ after: PROMPT, keys: ['säx😀\u007f\u007fm\r', 'sä\bäm\r'] }],
  ],
  ['begun again with Ctrl-U', 'sesame', [{ after: PROMPT, keys: ['wrong\u0015sesame\r', 'sesame\r'] }]],
  [
    'with arrow keys, also in pieces, which type nothing',
    'sesame',
    [{ after: PROMPT, keys: ['ses\u001b[A\u001bOBame\r', 'ses\u001b', '[', 'Dame\r'] }],
  ],
  ['ended with Ctrl-D', 'sesame', [{ after: PROMPT, keys: ['sesame\u0004', 'sesame\u0004'] }]],
])('a password %s is read and never shown', async (_, password, steps) => {
  const { shown, code } = await typeAt(steps);
  expect(code).toBe(0);
  expect(await verifyPassword(password, hashIn(shown))).toBe(true);
  expect(shown.replace(hashIn(shown), 'HASH').split('\r\n')).toStrictEqual([
    PROMPT,
    AGAIN,
    'HASH',
    'restored',
    '',
  ]);
});

test.each([
  ['Ctrl-C at the first prompt', [{ after: PROMPT, keys: ['ses\u0003'] }], [PROMPT]],
  ['Ctrl-C at the second prompt', [{ after: PROMPT, keys: ['sesame\rses\u0003'] }], [PROMPT, AGAIN]],
  ['Ctrl-D on an empty line', [{ after: PROMPT, keys: ['\u0004'] }], [PROMPT]],
  [
    'two that differ',
    [{ after: PROMPT, keys: ['one\rtwo\r'] }],
    [PROMPT, AGAIN, 'The passwords do not match; nothing changed.'],
  ],
])('%s makes no hash, and the terminal echoes again', async (_, steps, lines) => {
  const { shown, code } = await typeAt(steps);
  expect(code).toBe(1);
  expect(shown.split('\r\n')).toStrictEqual([...lines, 'restored', '']);
});
