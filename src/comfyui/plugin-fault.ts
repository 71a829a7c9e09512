import type { PluginFacts, PluginState } from './plugin-state.ts';

/** The key with which a ComfyUI's plugin must verify tokens. */
export interface ExpectedKey {
  readonly kind: 'ed25519' | 'shared';
  readonly fingerprint: string;
  /** Unused for a shared key. */
  readonly audience: string;
  /** The file for `COMFY_TENANT_KEY_FILE`. */
  readonly file: string;
}

const HOST = /^https?:\/\/([^/]+)/;

function mismatch(theirs: string, ours: ExpectedKey): string {
  return `verifies tokens with a different key than ${ours.file} (fingerprints ${theirs.slice(0, 4)} / ${ours.fingerprint.slice(0, 4)})`;
}

/** Why a plugin with public keys does not accept our tokens. */
function publicKeyFault({ key, audience }: PluginFacts, ours: ExpectedKey): string | undefined {
  if (ours.kind === 'shared')
    return 'has public keys, but the service still signs with a comfy-tenant 0.1 key';
  if (key !== ours.fingerprint) return mismatch(key ?? 'none', ours);
  if (audience !== ours.audience)
    return `has the key file of another ComfyUI (audience ${audience ?? 'none'} instead of ${ours.audience})`;
  return undefined;
}

function sharedKeyFault(theirs: string | null | undefined, ours: ExpectedKey): string | undefined {
  if (ours.kind === 'ed25519')
    return 'still has a shared comfy-tenant 0.1 key, which the service no longer uses';
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
      return 'has no key: the file in COMFY_TENANT_KEY_FILE does not exist there';
    case 'private':
      return 'was given a private key, with which node code could impersonate any user; replace that key (comfy-tenant key --rotate, twice)';
    case 'invalid':
      return "has no usable key file; see ComfyUI's log";
  }
}

/** Why a ComfyUI cannot serve several users, with a fix; undefined if all is well. */
export function pluginFault(state: PluginState, url: string, ours: ExpectedKey): string | undefined {
  const place = HOST.exec(url)?.[1] ?? url;
  switch (state.kind) {
    case 'unreachable':
      return `ComfyUI at ${place} does not answer (${state.why}). Start it; until then requests get 503.`;
    case 'untrusted':
      return `ComfyUI at ${place} cannot be checked. ${state.why}`;
    case 'absent':
      return (
        `ComfyUI at ${place} answers without the comfy-tenant plugin (GET /_tenant/plugin: ${state.status}). ` +
        'Put the folder plugin/ into its custom_nodes and restart it. Until then requests get 503.'
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
    'has a shared comfy-tenant 0.1 key: node code that reads it can impersonate any user. See "From 0.1" in docs/operator.md',
  both: 'also accepts a shared comfy-tenant 0.1 key: delete that file once the service signs with the new key',
};

/** A state that is still accepted but should change, with a fix; undefined if there is none. */
export function pluginWarning(state: PluginState, url: string): string | undefined {
  const warning = state.kind === 'present' ? ACCEPTED_FOR_NOW[state.facts.keyFile] : undefined;
  return warning === undefined ? undefined : `The plugin at ${HOST.exec(url)?.[1] ?? url} ${warning}.`;
}
