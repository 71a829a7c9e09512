const MAX_BYTES = 64 * 1024;

/** The body of a response as text. @throws Error if it is larger than 64 KiB, which no response of the plugin is */
export async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error(`response larger than ${MAX_BYTES / 1024} KiB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
