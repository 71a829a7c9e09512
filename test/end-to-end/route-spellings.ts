import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';

export const PYTHON = join(import.meta.dirname, '../../.tools/comfyui-0.3.75/venv/bin/python');
export const ROUTER = join(import.meta.dirname, 'comfyui-router.py');

/** Routes of ComfyUI 0.3.75. */
export const ROUTES = [
  ['GET', '/'],
  ['GET', '/ws'],
  ['GET', '/queue'],
  ['POST', '/queue'],
  ['POST', '/free'],
  ['POST', '/prompt'],
  ['GET', '/prompt'],
  ['GET', '/userdata'],
  ['GET', '/userdata/{file}'],
  ['POST', '/userdata/{file}'],
  ['POST', '/userdata/{file}/move/{dest}'],
  ['GET', '/models/{folder}'],
  ['GET', '/experiment/models/preview/{folder}/{path_index}/{filename:.*}'],
  ['POST', '/upload/image'],
  ['GET', '/history/{prompt_id}'],
] as const;

/** What spellings are made of, separated by spaces. */
const PIECES = [
  'api / / / .. . %2e %2E%2e %2f %2F %252f %5c %25 % ; ;x=1 ? ?x=/free %3f # %23 %E4 %C3%A4 %00 %20 + *',
  'free Free %66ree fr%65e queue quеue userdata user%64ata prompt move ws models upload image history a',
  'workflows%2Fa.json experiment preview 0',
].flatMap((line) => line.split(' '));

const spelling = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 7 })
  .map((pieces) => `/${pieces.join('')}`);
/** A route with some characters escaped, or followed by a slash. */
const respelt = fc
  .tuple(
    fc.constantFrom(...ROUTES),
    fc.array(fc.tuple(fc.nat(60), fc.nat(3)), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([[, path], changes, api]) => {
    let text = (api ? '/api' : '') + path.replaceAll(/\{[^}]+\}/g, 'x');
    for (const [at, how] of changes) {
      const index = at % text.length;
      const letter = text.charCodeAt(index).toString(16).padStart(2, '0');
      const by = [
        `%${letter}`,
        `%${letter.toUpperCase()}`,
        `${text[index] ?? ''}%2f`,
        `${text[index] ?? ''}/`,
      ][how];
      text = text.slice(0, index) + (by ?? '') + text.slice(index + 1);
    }
    return text;
  });
/** Requests with random spellings of paths, always the same ones. */
export const requests = fc.sample(
  fc.tuple(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'), fc.oneof(spelling, respelt)),
  { numRuns: 4000, seed: 13 },
);

/** The routes that aiohttp chooses for the requests. */
export function routed(): (string | null)[] {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('');
  const { stdout, stderr } = spawnSync(PYTHON, [ROUTER, 'resolve', JSON.stringify(ROUTES)], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  const lines = stdout.trim().split('\n');
  if (lines.length !== requests.length) throw new Error(stderr);
  return lines.map((line) => JSON.parse(line) as string | null);
}
