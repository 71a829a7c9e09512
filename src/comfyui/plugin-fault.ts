import type { PluginFacts, PluginState } from './plugin-state.ts';

/** What the plugin of a ComfyUI must verify tokens by. */
export interface ExpectedKey {
  readonly kind: 'ed25519' | 'shared';
  readonly fingerprint: string;
  /** Unused for a shared key. */
  readonly audience: string;
  /** The file that `COMFY_TENANT_KEY_FILE` must name. */
  readonly file: string;
}

const HOST = /^https?:\/\/([^/]+)/;

function mismatch(theirs: string, ours: ExpectedKey): string {
  return `verifies tokens by another key than ${ours.file} (fingerprints ${theirs.slice(0, 4)} / ${ours.fingerprint.slice(0, 4)})`;
}

/** Why a plugin with public keys does not accept our tokens. */
function publicKeyFault({ key, audience }: PluginFacts, ours: ExpectedKey): string | undefined {
  if (ours.kind === 'shared')
    return 'has public keys, but the service still signs with a key of comfy-tenant 0.1';
  if (key !== ours.fingerprint) return mismatch(key ?? 'none', ours);
  if (audience !== ours.audience)
    return `has the key file of another ComfyUI (audience ${audience ?? 'none'} instead of ${ours.audience})`;
  return undefined;
}

function sharedKeyFault(theirs: string | null | undefined, ours: ExpectedKey): string | undefined {
  if (ours.kind === 'ed25519')
    return 'still has a shared key of comfy-tenant 0.1, which the service no longer signs with';
  return theirs === ours.fingerprint ? undefined : mismatch(theirs ?? 'none', ours);
}

function keyFault(facts: PluginFacts, ours: ExpectedKey): string | undefined {
  switch (facts.keyFile) {
    case 'public':
      return publicKeyFault(facts, ours);
    case 'shared':
      return sharedKeyFault(facts.key, ours);
    case 'both':
      return ours.kind === 'ed25519' ? publicKeyFault(facts, ours) : sharedKeyFault(facts.sharedKey, ours);
    case 'unset':
      return 'has no key: COMFY_TENANT_KEY_FILE is not set';
    case 'missing':
      return 'has no key: the file that COMFY_TENANT_KEY_FILE names does not exist there';
    case 'private':
      return 'was given a private key, with which node code could be any user; replace that key (comfy-tenant key --rotate, twice)';
    case 'invalid':
      return "has no key file that it can use; ComfyUI's log says why";
  }
}

/** What keeps a ComfyUI from serving several users, with the remedy; undefined when all is well. */
export function pluginFault(state: PluginState, url: string, ours: ExpectedKey): string | undefined {
  const place = HOST.exec(url)?.[1] ?? url;
  switch (state.kind) {
    case 'unreachable':
      return `ComfyUI at ${place} does not answer (${state.why}). Start it; until then requests get 503.`;
    case 'untrusted':
      return `ComfyUI at ${place} cannot be checked. ${state.why}`;
    case 'absent':
      return (
        `ComfyUI at ${place} answers but shows no comfy-tenant plugin (GET /_tenant/plugin: ${state.status}). ` +
        'Put the folder plugin/ into its custom_nodes and restart it. Until then nothing is isolated, so requests are refused (503).'
      );
    case 'present': {
      const fault = keyFault(state.facts, ours);
      return fault === undefined
        ? undefined
        : `The plugin at ${place} ${fault}. Set COMFY_TENANT_KEY_FILE to ${ours.file} and restart ComfyUI.`;
    }
  }
}

const ACCEPTED_FOR_NOW: Partial<Record<PluginFacts['keyFile'], string>> = {
  shared:
    'has a shared key of comfy-tenant 0.1: node code that reads it can be any user. See "From 0.1" in docs/operator.md',
  both: 'also accepts a shared key of comfy-tenant 0.1: delete that file once the service signs with the new key',
};

/** What is accepted for now, with the remedy; undefined if there is nothing to say. */
export function pluginWarning(state: PluginState, url: string): string | undefined {
  const warning = state.kind === 'present' ? ACCEPTED_FOR_NOW[state.facts.keyFile] : undefined;
  return warning === undefined ? undefined : `The plugin at ${HOST.exec(url)?.[1] ?? url} ${warning}.`;
}
