/** What to do about a key of comfy-tenant 0.1. */
export function sharedKeyWarning(file: string): string {
  return (
    `${file} holds a comfy-tenant 0.1 key, which ComfyUI shares: node code that reads it can impersonate any user. ` +
    'The next version will reject it. To migrate: set comfyui.tokenKeyFile to a new file, run `comfy-tenant key` and follow its output'
  );
}
