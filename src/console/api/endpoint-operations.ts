import { z } from 'zod';
import { explainSignIn } from '../../access/explain.ts';
import { makeHash } from '../../basic/make-hash.ts';
import { FileWriteError } from '../../files/file-error.ts';
import type { ConsoleParts } from '../console-context.ts';
import { endpointNamed, type DraftEndpoint } from '../draft-endpoints.ts';
import { EditError, editText, type Edit } from '../edit-document.ts';
import {
  fileOfUser,
  removeFromFile,
  removeUserEdit,
  setInFile,
  setUserEdit,
  userFault,
  usersOf,
} from '../endpoint-users.ts';
import { stepsOf } from '../token-trial.ts';
import { verifyReport } from '../verify-report.ts';
import { deploy } from './configuration-operations.ts';
import { ApiProblem, operation, type Operation } from './operation.ts';
import * as schemas from './schemas.ts';

const userPlace = z.strictObject({ endpoint: schemas.name, user: schemas.name });

/** A BASIC endpoint of the file. @throws ApiProblem */
function basicEndpoint(parts: ConsoleParts, name: string): DraftEndpoint {
  const found = endpointNamed(parts.store.read(), name);
  if (found?.method !== 'BASIC') throw new ApiProblem(404, 'there is no such BASIC endpoint');
  return found;
}

async function deployEdit(
  parts: ConsoleParts,
  edit: Edit,
  author: { readonly name: string; readonly address: string; readonly reason: string },
): Promise<void> {
  const before = parts.store.read();
  await deploy(parts, { before, text: editText(before, [edit]) }, author);
}

/** Turns what an operator can correct into a problem. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EditError || error instanceof FileWriteError)
      throw new ApiProblem(409, error.message);
    throw error;
  }
}

const setUser = operation({
  id: 'setUser',
  method: 'put',
  path: '/endpoints/{endpoint}/users/{user}',
  summary: 'Adds a user of a BASIC endpoint, or sets a new password',
  role: 'administrator',
  parameters: userPlace,
  body: z.strictObject({ password: z.string().min(1).max(1024) }),
  result: schemas.done,
  problems: [404, 409, 422, 503],
  async run({ parameters, body: { password } }, { parts, user, address }) {
    const endpoint = basicEndpoint(parts, parameters.endpoint);
    const users = usersOf(parts, endpoint);
    const fault = userFault({ username: parameters.user, password }, users);
    if (fault !== undefined) throw new ApiProblem(422, fault);
    const hash = await parts.hashing.run(() => makeHash(password, 'argon2id'));
    if (hash === undefined) throw new ApiProblem(503, 'too many passwords are being hashed: try again');
    const what = `${endpoint.name}: password of ${parameters.user} set`;
    const file = fileOfUser(endpoint, users, parameters.user);
    return explained(async () => {
      if (file === undefined) {
        const edit = setUserEdit(endpoint, parameters.user, hash);
        await deployEdit(parts, edit, { name: user.name, address, reason: what });
      } else {
        await setInFile(file, parameters.user, hash);
        parts.audit({ event: 'console-changed', user: user.name, what, address });
      }
      return { done: true };
    });
  },
});

const removeUser = operation({
  id: 'removeUser',
  method: 'delete',
  path: '/endpoints/{endpoint}/users/{user}',
  summary: 'Removes a user of a BASIC endpoint',
  role: 'administrator',
  parameters: userPlace,
  result: schemas.done,
  problems: [404, 409, 422],
  async run({ parameters }, { parts, user, address }) {
    const endpoint = basicEndpoint(parts, parameters.endpoint);
    const { file } = usersOf(parts, endpoint);
    const what = `${endpoint.name}: ${parameters.user} removed`;
    return explained(async () => {
      if (endpoint.users.includes(parameters.user)) {
        const edit = removeUserEdit(endpoint, parameters.user);
        await deployEdit(parts, edit, { name: user.name, address, reason: what });
      } else if (file === undefined || !(await removeFromFile(file, parameters.user)))
        throw new ApiProblem(404, 'there is no such user');
      else parts.audit({ event: 'console-changed', user: user.name, what, address });
      return { done: true };
    });
  },
});

/** Users of endpoints, trying a token, explaining a rule, and verifying. */
export const ENDPOINT_OPERATIONS: readonly Operation[] = [
  setUser,
  removeUser,
  operation({
    id: 'tryToken',
    method: 'post',
    path: '/endpoints/{endpoint}/try-token',
    summary: 'Checks a token step by step; it is neither stored nor logged',
    role: 'administrator',
    parameters: z.strictObject({ endpoint: schemas.name }),
    body: z.strictObject({ token: z.string().max(16 * 1024) }),
    result: schemas.tried,
    problems: [404],
    async run({ parameters: { endpoint }, body: { token } }, { parts }) {
      const decision = await parts.tryToken(endpoint, token);
      if (decision === undefined) throw new ApiProblem(404, 'there is no such JWT endpoint');
      return {
        decision: decision.kind,
        ...(decision.kind === 'deny' && { reason: decision.reason }),
        ...(decision.kind === 'allow' && { userId: decision.identity.userId }),
        steps: [...stepsOf(decision)],
      };
    },
  }),
  operation({
    id: 'explain',
    method: 'get',
    path: '/endpoints/{endpoint}/explain',
    summary: 'Which access rule decides about a request, as comfy-tenant explain prints it',
    parameters: z.strictObject({ endpoint: schemas.name }),
    query: z.strictObject({
      as: schemas.name,
      method: z.string().regex(/^[A-Za-z]{1,20}$/),
      path: z
        .string()
        .max(2048)
        .regex(/^\/\S*$/),
    }),
    result: schemas.explained,
    problems: [404],
    run({ parameters, query: { as, method, path } }, { parts }) {
      const config = parts.config();
      const endpoint = config.endpoints.find(({ name }) => name === parameters.endpoint);
      if (endpoint === undefined) throw new ApiProblem(404, 'there is no such endpoint');
      const users = [...(config.users.get(endpoint.name)?.keys() ?? [])];
      const request = `${method.toUpperCase()} ${path}`;
      const { allowed, userId, operator, because } = explainSignIn(endpoint, users, {
        as,
        claims: {},
        request,
      });
      return { allowed, ...(userId !== undefined && { userId }), operator, because };
    },
  }),
  operation({
    id: 'startVerification',
    method: 'post',
    path: '/verification',
    summary: 'Verifies isolation with two temporary users; read the result with getVerification',
    role: 'administrator',
    result: schemas.done,
    problems: [409],
    run(_, { parts, user, address }) {
      if (!parts.verification.start()) throw new ApiProblem(409, 'a verification is running');
      parts.audit({ event: 'console-changed', user: user.name, what: 'verification started', address });
      return { done: true };
    },
  }),
  operation({
    id: 'getVerification',
    method: 'get',
    path: '/verification',
    summary: 'Whether a verification runs, and what the last one found',
    result: schemas.verification,
    run(_, { parts: { verification } }) {
      const { running, last } = verification;
      if (last === undefined) return { running };
      return last.kind === 'failed'
        ? { running, problem: last.why }
        : { running, report: { ...verifyReport(last) } };
    },
  }),
];
