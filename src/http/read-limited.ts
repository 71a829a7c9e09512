/** The body of a response as text. @throws Error if it is larger than `maxBytes` */
export async function readLimited(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > maxBytes) throw new Error(`response larger than ${maxBytes / 1024} KiB`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
