import { createHash } from 'node:crypto';
import { z } from 'zod';
import { secretConcealer, withSecrets } from '../conceal-secrets.ts';
import { concealedDiff } from '../concealed-diff.ts';
import type { ConsoleParts } from '../console-context.ts';
import { deployText, type Author } from '../deploy-text.ts';
import { listBackups, readBackup } from '../history.ts';
import { ApiProblem, operation, type Operation } from './operation.ts';
import * as schemas from './schemas.ts';

const text = z.string().max(1024 * 1024);

/** The text with the secrets whose marks it has. @throws ApiProblem */
function whole(parts: ConsoleParts, written: string): string {
  const found = withSecrets(written, parts.store.read(), parts.secret);
  if (found === undefined)
    throw new ApiProblem(
      422,
      'the text has a mark "(hidden …)" that stands for no secret of the current configuration, or is in another place: write the secret instead',
    );
  return found;
}

/** Deploys a text. @throws ApiProblem */
export async function deploy(
  parts: ConsoleParts,
  draft: { readonly before: string; readonly text: string },
  author: Author,
): Promise<z.input<typeof schemas.deployed>> {
  const result = await deployText(parts, draft, author);
  switch (result.kind) {
    case 'saved':
      return { revision: result.revision, live: result.live };
    case 'unchanged':
      return { revision: parts.state().revision, live: true };
    case 'conflict':
      throw new ApiProblem(409, 'the configuration has changed in the meantime: read it again');
    case 'invalid':
      throw new ApiProblem(422, 'the configuration is not valid', result.faults);
    case 'not-written':
      throw new ApiProblem(409, result.why);
  }
}

/** Reading, checking and deploying the configuration. */
export const CONFIGURATION_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'getConfiguration',
    method: 'get',
    path: '/configuration',
    summary: 'The configuration file, with marks instead of secrets',
    result: schemas.configuration,
    run(_, { parts }) {
      const current = parts.store.read();
      return {
        revision: parts.state().revision,
        version: versionOf(current),
        writable: parts.store.isWritable(),
        text: secretConcealer([current], parts.secret)(current),
      };
    },
  }),
  operation({
    id: 'checkConfiguration',
    method: 'post',
    path: '/configuration/check',
    summary: 'Validates a configuration as comfy-tenant check does, and compares it with the current one',
    // It reads the files that the text names.
    role: 'administrator',
    body: z.strictObject({ text }),
    result: schemas.checked,
    problems: [422],
    run({ body }, { parts }) {
      const after = whole(parts, body.text);
      const checked = parts.checkText(after);
      const errors = checked.ok ? [] : checked.faults.map((fault) => checked.conceal(fault));
      return { valid: checked.ok, errors, difference: concealedDiff(parts, parts.store.read(), after) };
    },
  }),
  operation({
    id: 'deployConfiguration',
    method: 'put',
    path: '/configuration',
    summary: 'Saves a configuration, and waits until it is live',
    role: 'administrator',
    body: z.strictObject({
      text,
      version: schemas.name.meta({ description: 'Of getConfiguration: what the author began with.' }),
      reason: schemas.reason,
    }),
    result: schemas.deployed,
    problems: [409, 422],
    async run({ body }, { parts, user, address }) {
      const before = parts.store.read();
      if (versionOf(before) !== body.version)
        throw new ApiProblem(409, 'the configuration has changed in the meantime: read it again');
      const author = { name: user.name, address, reason: body.reason };
      return deploy(parts, { before, text: whole(parts, body.text) }, author);
    },
  }),
  operation({
    id: 'listHistory',
    method: 'get',
    path: '/configuration/history',
    summary: 'Configurations that were replaced, the last first',
    result: schemas.history,
    run: (_, { parts }) => ({
      replaced: listBackups(parts.historyDir).map(({ number, replacedAt, author, reason }) => ({
        number,
        replacedAt,
        author,
        reason,
      })),
    }),
  }),
  operation({
    id: 'rollBack',
    method: 'post',
    path: '/configuration/history/{number}',
    summary: 'Deploys a configuration that was replaced',
    role: 'administrator',
    parameters: z.strictObject({ number: z.coerce.number().int().min(1).max(999_999_999) }),
    body: z.strictObject({ reason: schemas.reason }),
    result: schemas.deployed,
    problems: [404, 409, 422],
    async run({ parameters: { number }, body: { reason } }, { parts, user, address }) {
      const found = readBackup(parts.historyDir, number);
      if (found === undefined) throw new ApiProblem(404, 'there is no such configuration');
      const draft = { before: parts.store.read(), text: found.text };
      return deploy(parts, draft, { name: user.name, address, reason });
    },
  }),
];

/** Identifies a text, with its comments. */
function versionOf(written: string): string {
  return createHash('sha256').update(written).digest('hex').slice(0, 32);
}
