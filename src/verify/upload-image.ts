import type { TestClient } from './test-client.ts';

/** Uploads a PNG to a user's inputs, as ComfyUI's web UI does. */
export async function uploadImage(owner: TestClient, filename: string, image: Buffer): Promise<void> {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(image)], { type: 'image/png' }), filename);
  const encoded = new Request('http://form', { method: 'POST', body: form });
  await owner.must({
    method: 'POST',
    path: '/upload/image',
    headers: { 'content-type': encoded.headers.get('content-type') ?? '' },
    body: Buffer.from(await encoded.arrayBuffer()),
  });
}
