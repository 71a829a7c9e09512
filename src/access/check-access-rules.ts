import { encodeUserId } from '../auth/user-id.ts';
import { didYouMean } from '../config-file/did-you-mean.ts';
import type { ConfigPath, Diagnostics } from '../config-file/diagnostics.ts';
import { compileRules, type CompiledRule } from './access-rules.ts';
import { ruleText, type AccessEndpoint } from './explain.ts';
import { coversPattern } from './path-pattern.ts';
import type { AccessRule, AccessTest } from './rule-schema.ts';

/** An endpoint whose rules are checked. */
export interface AccessContext {
  readonly endpoint: AccessEndpoint & { readonly tests: readonly AccessTest[] };
  /** The user list of a BASIC endpoint. */
  readonly users: ReadonlyMap<string, string> | undefined;
  /** Path of the endpoint. */
  readonly path: ConfigPath;
  readonly diagnostics: Diagnostics;
}

type Subject = AccessRule['to'];

/** The parts of a subject, any of which suffices. */
function partsOf(subject: NonNullable<Subject>): string[] {
  const { users, claim, operators } = subject;
  return [
    ...users.map((user) => `user ${user}`),
    ...(claim === undefined ? [] : [JSON.stringify([claim.name, claim.value])]),
    ...(operators === true ? ['operators'] : []),
  ];
}

/** Everyone of the other subject is in this one. */
function coversSubject(subject: Subject, other: Subject): boolean {
  if (subject === undefined) return true;
  if (other === undefined) return false;
  const parts = partsOf(subject);
  return partsOf(other).every((part) => parts.includes(part));
}

/** Warns of requests that an earlier rule always decides. */
function checkCovered(rules: readonly CompiledRule[], { path, diagnostics }: AccessContext): void {
  rules.forEach((rule, at) => {
    const earlier = rules.slice(0, at).filter(({ to }) => coversSubject(to, rule.to));
    const covering = rule.patterns.map((pattern) =>
      earlier.find(({ patterns }) => patterns.some((one) => coversPattern(one, pattern))),
    );
    const [first] = covering;
    if (first === undefined || covering.includes(undefined)) return;
    const by = [...new Set(covering)].map((one) => one && ruleText(one)).join(' and ');
    diagnostics.warn(
      [...path, 'rules', at],
      `never decides: ${by} already decides about all its requests. Move it up, or remove it`,
    );
  });
}

/**
 * In a users file, an unknown user is only a warning: removing a user there must not make the configuration invalid, because
 * the previous one, with that user, would then stay in use.
 */
function checkUsers(to: Subject, at: ConfigPath, { endpoint, users, diagnostics }: AccessContext): void {
  const { auth } = endpoint;
  if (auth.method !== 'BASIC' || users === undefined) return;
  const names = [...users.keys()];
  const ids = names.flatMap((name) => encodeUserId(name, auth.userIdPrefix) ?? []);
  const report = auth.usersFile === undefined ? diagnostics.fault : diagnostics.warn;
  to?.users.forEach((user, index) => {
    if (ids.some((id) => id === user)) return;
    const own = names.includes(user) ? encodeUserId(user, auth.userIdPrefix) : undefined;
    const meant = own ?? didYouMean(user, ids);
    report(
      [...at, 'to', 'users', index],
      `is not the user id of anyone in the user list${meant === undefined ? ': add the user, or remove the id here' : `: did you mean ${meant}?`}`,
    );
  });
}

function checkSubject(to: Subject, at: ConfigPath, { endpoint, diagnostics }: AccessContext): void {
  const { auth } = endpoint;
  if (auth.method === 'BASIC' && to?.claim !== undefined)
    diagnostics.fault(
      [...at, 'to', 'claim'],
      'must be omitted: users of a BASIC endpoint have no claims. List them under users',
    );
  if (to?.operators === true && auth.operators === undefined)
    diagnostics.fault(
      [...at, 'to', 'operators'],
      'concerns no one: name the operators in auth.operators of this endpoint',
    );
}

/** ComfyUI's page sends file names with encoded slashes, which only such a pattern allows. */
function checkUserdata({ allow }: AccessRule, at: ConfigPath, { diagnostics }: AccessContext): void {
  allow?.forEach((text, index) => {
    const [, before = '', name = ''] = /^(.*\/userdata\/)([^*%]+\/(?!move\/).*)$/.exec(text) ?? [];
    if (name === '') return;
    diagnostics.warn(
      [...at, 'allow', index],
      `matches no file: clients encode slashes in these names. Write ${before}${name.replaceAll('/', '%2F')}`,
    );
  });
}

function checkNames(context: AccessContext): void {
  const seen = new Map<string, number>();
  context.endpoint.rules.forEach(({ name }, index) => {
    const first = name === undefined ? undefined : seen.get(name);
    if (first !== undefined)
      context.diagnostics.fault(
        [...context.path, 'rules', index, 'name'],
        `is already the name of rules[${first}]: names must differ`,
      );
    if (name !== undefined) seen.set(name, index);
  });
}

/** Checks that the rules concern someone, can decide, and have different names. */
export function checkAccessRules(context: AccessContext): void {
  const { endpoint, path } = context;
  checkNames(context);
  checkCovered(compileRules(endpoint.rules), context);
  endpoint.rules.forEach((rule, index) => {
    const at = [...path, 'rules', index];
    checkSubject(rule.to, at, context);
    checkUsers(rule.to, at, context);
    checkUserdata(rule, at, context);
  });
}
