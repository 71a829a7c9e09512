/** What to do about a key of comfy-tenant 0.1. */
export function sharedKeyWarning(file: string): string {
  return (
    `${file} holds a key of comfy-tenant 0.1, which ComfyUI has too: node code that reads it can be any user. ` +
    'The next version refuses it. To migrate: name a new file in comfyui.tokenKeyFile, run `comfy-tenant key`, and follow what it prints'
  );
}
