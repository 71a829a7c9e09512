import { expect, test } from 'vitest';
import { load } from './browser.ts';

interface Wait {
  readonly running: boolean;
  readonly ahead: number;
  readonly mine: readonly object[];
  readonly etaSeconds: number | null;
  readonly runningSeconds: number | null;
}

const { waitText } = await load<{ waitText: (wait: Wait) => string }>('wait-text');
const IDLE: Wait = { running: false, ahead: 0, mine: [], etaSeconds: 0, runningSeconds: null };
const WAITING: Wait = { running: false, ahead: 2, mine: [{}], etaSeconds: null, runningSeconds: null };

test.each<[string, Wait, string]>([
  ['an idle ComfyUI', IDLE, ''],
  ["other users' prompts", { ...IDLE, ahead: 3 }, 'busy: 3 ahead of you'],
  ['a running prompt', { ...IDLE, running: true, mine: [{}] }, 'yours is running'],
  [
    'a running and two waiting prompts',
    { ...IDLE, running: true, mine: [{}, {}, {}] },
    'yours is running, 2 waiting',
  ],
  ['an unknown wait', WAITING, '2 ahead of you'],
  ['a known wait', { ...WAITING, etaSeconds: 42.4 }, '2 ahead of you, about 42 s'],
  ['a wait of less than a second', { ...WAITING, etaSeconds: 0.2 }, '2 ahead of you, about 1 s'],
  ['a wait of several minutes', { ...WAITING, etaSeconds: 180 }, '2 ahead of you, about 3 min'],
  [
    'an unknown wait for a running prompt',
    { ...WAITING, runningSeconds: 65 },
    '2 ahead of you, one has been running for 65 s',
  ],
])('the badge for %s', (_case, wait, text) => {
  expect(waitText(wait)).toBe(text);
});
