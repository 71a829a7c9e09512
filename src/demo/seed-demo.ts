import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import type { Target } from '../verify/http-request.ts';
import { PACKAGE_ROOT } from '../install/package-root.ts';
import { plainImage } from '../verify/sample-image.ts';
import { uploadImage } from '../verify/upload-image.ts';
import { createTestClient, type TestUser } from '../verify/test-client.ts';

const WORKFLOW = join(PACKAGE_ROOT, 'plugin', 'demo', 'hello.json');
const SIDE = 512;
const COLOURS = [
  [200, 40, 30],
  [30, 80, 200],
] as const;

/**
 * Gives each demo user, once, the workflow "hello" with their own picture, and skips ComfyUI's first-run dialog.
 *
 * @param folder the demo's folder, where a marker file is written
 */
export async function seedDemo(
  gateway: Target,
  people: readonly [TestUser, TestUser],
  folder: string,
): Promise<void> {
  const note = join(folder, 'seeded');
  if (existsSync(note)) return;
  const workflow = readFileSync(WORKFLOW);
  for (const [index, person] of people.entries()) {
    const client = createTestClient(gateway, person);
    await uploadImage(client, 'hello.png', plainImage(SIDE, COLOURS[index] ?? COLOURS[0]));
    await client.must({ method: 'POST', path: '/userdata/workflows%2Fhello.json', body: workflow });
    await client.post('/settings', { 'Comfy.TutorialCompleted': true });
  }
  writeFileAtomically(note, '');
}
