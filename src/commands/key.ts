import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import { loadConfig } from '../config/load.ts';
import { stateFiles } from '../config/state-files.ts';
import type { Config } from '../config/schema.ts';
import { rotateSessionKeys } from '../session/rotate-session-keys.ts';
import { publishKeys } from '../token/public-keys.ts';
import { rotateTokenKeys } from '../token/rotate-keys.ts';
import { loadTokenKeys, loadVerifyKeys } from '../token/token-key.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant key [--config comfy-tenant.yaml] [--rotate] [--rotate-sessions]

Creates the service's private keys if they are missing, writes the public keys with which ComfyUI verifies tokens, and
prints which ComfyUI needs which file. The service does the same at startup.

  --rotate   add a new key, which signs after the next restart of the service; the previous key stays valid until the
             next --rotate. If a private key was stolen: rotate, restart, rotate again, restart
  --rotate-sessions
             add a new key that signs session cookies at once; sessions of the previous key stay valid until the next
             --rotate-sessions. If the file was stolen: do it twice, which ends all sessions`;

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
  rotate: { type: 'boolean', default: false },
  'rotate-sessions': { type: 'boolean', default: false },
} as const;

function lines({ comfyui }: Config, fingerprint: string): string[] {
  return [
    `private key ${fingerprint}: ${comfyui.tokenKeyFile}`,
    'Only the service and its operator may read private keys. Give ComfyUI only these files:',
  ];
}

export const key: Command = ({ args, env, cwd, out, err }) => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const loaded = loadConfig(resolve(cwd, values.config), env, values.config);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return Promise.resolve(EXIT.config);
  }
  const { config } = loaded;
  if (values['rotate-sessions']) {
    const { sessionKeys } = stateFiles(config);
    out(`session key ${rotateSessionKeys(sessionKeys)}: ${sessionKeys}`);
    return Promise.resolve(EXIT.ok);
  }
  const { tokenKeyFile, verifyKeyFile } = config.comfyui;
  const before = loadTokenKeys(tokenKeyFile);
  if (before.kind === 'shared') {
    err(
      `${tokenKeyFile} holds a comfy-tenant 0.1 key. To migrate, first set comfyui.tokenKeyFile to a new file ` +
        '(such as .comfy-tenant/signing.key), and do not restart the service yet. See "From 0.1" in docs/operator.md',
    );
    return Promise.resolve(EXIT.config);
  }
  loadVerifyKeys(verifyKeyFile);
  const keys = values.rotate ? rotateTokenKeys(tokenKeyFile, before.all) : before;
  const groups = comfyuiGroups(config);
  for (const warning of publishKeys(groups, keys.all)) err(warning);
  for (const line of lines(config, keys.fingerprint)) out(line);
  for (const { file, upstreams } of groups)
    out(`  ComfyUI at ${upstreams.join(' ')}: COMFY_TENANT_KEY_FILE=${file}`);
  if (values.rotate) out('Restart the service to sign with the new key.');
  return Promise.resolve(EXIT.ok);
};
