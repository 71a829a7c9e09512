import { expect, test } from 'vitest';
import { load } from './browser.ts';

interface Message {
  readonly summary: string;
  readonly detail: string;
}
interface Parts {
  fetchApi(path: string, init?: { body: string }): Promise<{ ok: boolean; json(): Promise<unknown> }>;
  show(message: Message): void;
  readonly texts: object;
}
const { showLimitedPacks } = await load<{ showLimitedPacks: (parts: Parts) => Promise<void> }>('pack-notice');
const { textsFor } = await load<{ textsFor: (language: string) => object }>('page-texts');

const LIMITED = [
  { pack: 'ComfyUI-Easy-Use', state: 'partly', limits: 'the image chooser does not work' },
  { pack: 'unknown-pack', state: 'partly', limits: '' },
];

/** A ComfyUI that lists these packs, with the settings of its user. */
function aComfyui(packs: unknown, settings = new Map<string, unknown>()) {
  const messages: Message[] = [];
  const fetchApi: Parts['fetchApi'] = (path, init) => {
    if (init !== undefined) settings.set(path, JSON.parse(init.body));
    const found = path === '/_tenant/packs' ? packs : (settings.get(path) ?? null);
    return Promise.resolve({ ok: found !== undefined, json: () => Promise.resolve(found) });
  };
  const show = (message: Message) => void messages.push(message);
  const texts = textsFor('en');
  return { messages, settings, open: () => showLimitedPacks({ fetchApi, show, texts }) };
}

test('a user sees once which packs are limited, on whatever machine', async () => {
  const here = aComfyui(LIMITED);
  await here.open();
  expect(here.messages).toEqual([
    {
      summary: 'Some node packs work only in part here',
      detail:
        'ComfyUI-Easy-Use: the image chooser does not work\nunknown-pack\nQuestions? Ask the person who runs this ComfyUI.',
      life: 30_000,
    },
  ]);
  await here.open();
  const there = aComfyui(LIMITED.toReversed(), here.settings);
  await there.open();
  expect([here.messages.length, there.messages.length]).toEqual([1, 0]);
});

test('and again when the list changes', async () => {
  const before = aComfyui(LIMITED);
  await before.open();
  const after = aComfyui(
    [...LIMITED, { pack: 'new', state: 'closed', limits: 'no routes' }],
    before.settings,
  );
  await after.open();
  expect(after.messages).toHaveLength(1);
});

test.each([[[]], [undefined], [{ error: 'no list' }]])('nothing is shown for %j', async (packs) => {
  const comfyui = aComfyui(packs);
  await comfyui.open();
  expect([comfyui.messages, [...comfyui.settings]]).toEqual([[], []]);
});
