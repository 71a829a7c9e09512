import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aDirectory, load } from '../../test/support/temp-dir.ts';
import { rotateTokenKeys } from '../token/rotate-keys.ts';
import { loadTokenKeys } from '../token/token-key.ts';
import { openComfyuiKeys } from './comfyui-keys.ts';

let directory: ReturnType<typeof aDirectory>;
beforeEach(() => {
  directory = aDirectory();
});
afterEach(() => {
  directory.remove();
});

const HASH = '$2b$04$YTMXpdTPkSsbZH6.HElsteI9ZwH9cnrCf5czbjGl6fSX0bLFCdWk2';

/** A service that has started: its keys, their file, and what ComfyUI gets at the next reload. */
function started() {
  const { config } = load(
    directory.write(
      'comfy-tenant.yaml',
      `endpoints: [{ name: studio, upstream: "http://127.0.0.1:8188", multiTenant: true, auth: { method: BASIC, users: [{ username: alice, password: "${HASH}" }] } }]\n`,
    ),
  );
  const keys = openComfyuiKeys(config, pino({ level: 'silent' }));
  const publishedKids = (): unknown => {
    keys.publish(config.endpoints);
    const text = readFileSync(join(directory.path, '.comfy-tenant/public/comfyui.json'), 'utf8');
    return (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  if (keys.token.kind !== 'ed25519') throw new Error('not an Ed25519 key');
  return { file: config.comfyui.tokenKeyFile, signing: keys.token.signing, publishedKids };
}

test('a reload publishes a key that was added since the start: another service may sign with it', () => {
  const { file, signing, publishedKids } = started();
  const rotated = rotateTokenKeys(file, [signing]);
  expect(publishedKids()).toEqual([rotated.signing.kid, signing.kid]);
  const again = rotateTokenKeys(file, rotated.all);
  expect(publishedKids()).toEqual([...again.all.map(({ kid }) => kid), signing.kid]);
});

test.each(['{"keys": [', '{"keys": []}', ''])(
  'a key file that became %j changes no published key',
  (text) => {
    const { file, signing, publishedKids } = started();
    writeFileSync(file, text);
    expect(publishedKids()).toEqual([signing.kid]);
    expect(() => loadTokenKeys(file)).toThrow(file);
  },
);

test('a reload makes no new key when the file was deleted', () => {
  const { file, signing, publishedKids } = started();
  rmSync(file);
  expect(publishedKids()).toEqual([signing.kid]);
  expect(existsSync(file)).toBe(false);
});
