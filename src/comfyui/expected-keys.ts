import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config } from '../config/schema.ts';
import { SHARED_KEY_AUDIENCE } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';
import type { ExpectedKey } from './plugin-fault.ts';

/** Maps the address of each ComfyUI of a multi-tenant endpoint to the key that its plugin must have. */
export function expectedKeys(config: Config, keys: TokenKeys): Map<string, ExpectedKey> {
  const { kind, fingerprint } = keys;
  const expected = new Map<string, ExpectedKey>();
  for (const { audience, file, upstreams } of comfyuiGroups(config)) {
    const key =
      kind === 'ed25519'
        ? { kind, fingerprint, audience, file }
        : { kind, fingerprint, audience: SHARED_KEY_AUDIENCE, file: config.comfyui.tokenKeyFile };
    for (const url of upstreams) expected.set(url, key);
  }
  return expected;
}
