import type { AccessOf, Subject } from '../auth/access-of.ts';
import { deny, type AccessCheck, type Deny } from '../auth/decision.ts';
import { claimHas } from './claim-has.ts';
import { matchesRequest, parsePattern, type RequestPattern } from './path-pattern.ts';
import { readRequestPath } from './request-path.ts';
import type { AccessRule } from './rule-schema.ts';

/** A rule, with its patterns parsed. */
export interface CompiledRule {
  /** Its name, or its number from 1. */
  readonly name: string;
  /** Position in the list, from 1. */
  readonly number: number;
  readonly allow: boolean;
  readonly patterns: readonly RequestPattern[];
  readonly to: AccessRule['to'];
  readonly why: string | undefined;
}

/** What the rules say about a request; `ambiguous`: its path can be read in several ways. */
export type RuleDecision =
  | { readonly kind: 'rule'; readonly rule: CompiledRule }
  | { readonly kind: 'default' }
  | { readonly kind: 'ambiguous' };

export function compileRules(rules: readonly AccessRule[]): CompiledRule[] {
  return rules.map(({ name, allow, deny: denied, to, why }, index) => ({
    name: name ?? String(index + 1),
    number: index + 1,
    allow: allow !== undefined,
    patterns: (allow ?? denied ?? []).map(parsePattern),
    to,
    why,
  }));
}

/** Whether a rule can concern a user. */
function concerns({ to }: CompiledRule, { userId, operator, claims }: Subject): boolean {
  if (to === undefined) return true;
  if (to.operators === true && operator) return true;
  return to.users.includes(userId) || (to.claim !== undefined && claimHas(claims, to.claim));
}

/** The rules that concern a user, in order. */
export function rulesFor(rules: readonly CompiledRule[], subject: Subject): CompiledRule[] {
  return rules.filter((rule) => concerns(rule, subject));
}

/** The first rule that matches decides; without one, the request is allowed. */
export function decide(
  rules: readonly CompiledRule[],
  request: { readonly method: string; readonly target: string },
): RuleDecision {
  if (rules.length === 0) return { kind: 'default' };
  const { method } = request;
  const path = readRequestPath(request.target);
  if (path === undefined || method !== method.toUpperCase()) return { kind: 'ambiguous' };
  for (const rule of rules) {
    if (rule.patterns.some((pattern) => matchesRequest(pattern, { method, path }, rule.allow)))
      return { kind: 'rule', rule };
  }
  return { kind: 'default' };
}

function refusal({ name, why }: CompiledRule): Deny {
  return { ...deny('rule-denied'), rule: why === undefined ? { name } : { name, why } };
}

/** Checks requests against these rules; undefined if there are none. */
function checkOf(rules: readonly CompiledRule[]): AccessCheck | undefined {
  if (rules.length === 0) return undefined;
  const refusals = new Map(rules.map((rule) => [rule, refusal(rule)]));
  return (method, target) => {
    const decision = decide(rules, { method, target });
    if (decision.kind === 'default') return undefined;
    if (decision.kind === 'ambiguous') return deny('path-ambiguous');
    return decision.rule.allow ? undefined : refusals.get(decision.rule);
  };
}

/** Prepares an endpoint's rules. Users whom the same rules concern share one check. */
export function createAccess(rules: readonly AccessRule[]): AccessOf {
  const compiled = compileRules(rules);
  const checks = new Map<string, AccessCheck | undefined>();
  return (subject) => {
    const its = rulesFor(compiled, subject);
    const key = its.map(({ number }) => number).join(' ');
    if (!checks.has(key)) checks.set(key, checkOf(its));
    return checks.get(key);
  };
}
