import type { Subject } from '../auth/access-of.ts';
import { encodeUserId, parseUserId, type UserId } from '../auth/user-id.ts';
import type { BasicAuth } from '../basic/basic-schema.ts';
import type { JwtAuth } from '../jwt/jwt-schema.ts';
import { compileRules, decide, rulesFor, type CompiledRule, type RuleDecision } from './access-rules.ts';
import { isOperator } from './is-operator.ts';
import type { AccessRule } from './rule-schema.ts';

/** What access to an endpoint depends on. */
export interface AccessEndpoint {
  readonly auth: BasicAuth | JwtAuth;
  readonly rules: readonly AccessRule[];
  readonly publicPaths: readonly { readonly path: string }[];
}

export interface Question {
  /** A user name of a BASIC endpoint, or a user id. */
  readonly as: string;
  readonly claims: Subject['claims'];
  /** `POST /api/free` */
  readonly request: string;
}

export interface Explanation {
  readonly allowed: boolean;
  /** Undefined if no user can have this name. */
  readonly userId: UserId | undefined;
  readonly operator: boolean;
  /** False if the endpoint has a user list without this user; undefined if it has no list. */
  readonly listed: boolean | undefined;
  /** The rule that decides; undefined if none does. */
  readonly rule: Pick<CompiledRule, 'number' | 'name' | 'allow' | 'why'> | undefined;
  /** Numbers of the rules that concern the user. */
  readonly concerning: readonly number[];
  /** Why, as the end of a sentence. */
  readonly because: string;
}

/** The user whom a name or id means: a name of the list first, as it is written in the configuration. */
function userIdOf({ auth }: AccessEndpoint, as: string, users: readonly string[]): UserId | undefined {
  const prefix = auth.method === 'BASIC' ? auth.userIdPrefix : undefined;
  const isId = !users.includes(as) && (auth.method === 'JWT' || as.startsWith(`${prefix ?? ''}~`));
  return (isId ? parseUserId(as) : undefined) ?? encodeUserId(as, prefix);
}

/** `rule 2 (guests may not upload)` */
export function ruleText({ number, name }: Pick<CompiledRule, 'number' | 'name'>): string {
  return name === String(number) ? `rule ${number}` : `rule ${number} (${name})`;
}

function isPublic({ publicPaths }: AccessEndpoint, target: string): boolean {
  const [path = ''] = target.split('?', 1);
  return publicPaths.some((one) =>
    one.path.endsWith('*') ? path.startsWith(one.path.slice(0, -1)) : path === one.path,
  );
}

function because(
  decision: RuleDecision,
  rules: readonly CompiledRule[],
  its: readonly CompiledRule[],
): string {
  switch (decision.kind) {
    case 'rule':
      return `${ruleText(decision.rule)} ${decision.rule.allow ? 'allows' : 'denies'} it`;
    case 'ambiguous':
      return 'the path can be read in several ways, so it is refused (400)';
    case 'default':
      if (rules.length === 0) return 'the endpoint has no rules';
      return its.length === 0
        ? 'no rule concerns this user'
        : 'none of the rules that concern this user matches, and the default is to allow';
  }
}

function outcome(decision: RuleDecision): Pick<Explanation, 'allowed' | 'rule'> {
  if (decision.kind !== 'rule') return { allowed: decision.kind === 'default', rule: undefined };
  const { number, name, allow, why } = decision.rule;
  return { allowed: allow, rule: { number, name, allow, why } };
}

/**
 * Which rule decides about a request, and why.
 *
 * @param users names of the endpoint's user list; empty for JWT
 */
export function explainAccess(
  endpoint: AccessEndpoint,
  users: readonly string[],
  { as, claims, request }: Question,
): Explanation {
  const { auth } = endpoint;
  const [method = '', target = ''] = request.split(' ');
  const userId = userIdOf(endpoint, as, users);
  const ids = users.map((user) => userIdOf(endpoint, user, users));
  const listed = auth.method === 'BASIC' ? ids.includes(userId) && userId !== undefined : undefined;
  const unruled = { userId, operator: false, listed, rule: undefined, concerning: [] };
  if (isPublic(endpoint, target))
    return {
      ...unruled,
      listed: undefined,
      allowed: true,
      because: 'the path is public: no authentication and no rules',
    };
  if (userId === undefined) return { ...unruled, allowed: false, because: 'no user can have this name' };
  const operator = isOperator(auth.operators, { userId, claims });
  const rules = compileRules(endpoint.rules);
  const its = rulesFor(rules, { userId, operator, claims });
  const decision = decide(its, { method, target });
  return {
    ...unruled,
    operator,
    ...outcome(decision),
    concerning: its.map(({ number }) => number),
    because: because(decision, rules, its),
  };
}

/** No one can sign in with a name that is not in the list. */
function withList(found: Explanation): Explanation {
  if (found.listed !== false) return found;
  const because = `the user list has no such user, who gets 401 (the rules alone: ${found.allowed ? 'allowed' : 'denied'}, because ${found.because})`;
  return { ...found, allowed: false, because };
}

/** As `explainAccess`, but no one may do anything who cannot sign in. */
export function explainSignIn(
  endpoint: AccessEndpoint,
  users: readonly string[],
  question: Question,
): Explanation {
  return withList(explainAccess(endpoint, users, question));
}
