import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { explainSignIn, ruleText, type Explanation } from '../access/explain.ts';
import { didYouMean } from '../config-file/did-you-mean.ts';
import { loadConfig } from '../config/load.ts';
import type { Config, Endpoint } from '../config/schema.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant explain --as <user> [options] <method> <path>

Shows which access rule decides about a request, and why. Asks nothing that runs: the configuration alone decides.
Example: comfy-tenant explain --as alice POST /api/free

  --config, -c <file>    the configuration (default: comfy-tenant.yaml)
  --as <user>            a user name, or a user id
  --endpoint <name>      the endpoint, if there are several
  --claim <name>=<value> JWT: a claim of the user; repeat it for a list
  --json                 print the result as JSON

Exit code 0: allowed. 1: denied. 64: wrong usage. 78: invalid configuration, or no such endpoint.`;

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' },
  as: { type: 'string' },
  endpoint: { type: 'string' },
  claim: { type: 'string', multiple: true, default: [] as string[] },
  json: { type: 'boolean', default: false },
} as const;

/** The claims of `name=value` texts, repeated names as lists; or why they are wrong. */
function readClaims(texts: readonly string[]): Record<string, string | string[]> | string {
  const claims = new Map<string, string | string[]>();
  for (const text of texts) {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined) return `--claim ${text}: must be name=value, such as groups=artists`;
    const known = claims.get(name);
    claims.set(name, known === undefined ? value : [known, value].flat());
  }
  return Object.fromEntries(claims);
}

/** The endpoint that is meant, or why it is not clear. */
function findEndpoint({ endpoints }: Config, name: string | undefined): Endpoint | string {
  const names = endpoints.map((endpoint) => endpoint.name);
  const [only, second] = endpoints;
  if (name === undefined)
    return only !== undefined && second === undefined
      ? only
      : `there are several endpoints: choose one with --endpoint ${names.join('|')}`;
  const found = endpoints.find((endpoint) => endpoint.name === name);
  const meant = didYouMean(name, names);
  return (
    found ??
    `there is no endpoint ${name}: ${meant === undefined ? `it can be ${names.join(' or ')}` : `did you mean ${meant}?`}`
  );
}

function lines(
  { name, auth }: Endpoint,
  { as, request }: { as: string; request: string },
  found: Explanation,
): string[] {
  const { allowed, because, userId, operator, rule, concerning } = found;
  const others = concerning.filter((number) => number !== rule?.number).join(', ');
  return [
    `${allowed ? 'allowed' : 'denied'}: ${request} as ${as} at endpoint ${name}, because ${because}.`,
    ...(rule?.why === undefined || rule.allow ? [] : [`  the user sees: ${rule.why}`]),
    ...(userId === undefined
      ? []
      : [`  user id ${userId}, ${auth.method}, ${operator ? 'an operator' : 'not an operator'}`]),
    ...(others === '' ? [] : [`  other rules that concern this user: ${others}`]),
  ];
}

/** The result for programs. */
function json({ name }: Endpoint, found: Explanation): string {
  const { rule, ...rest } = found;
  return JSON.stringify({ endpoint: name, ...rest, rule: rule && { ...rule, text: ruleText(rule) } });
}

interface Asked {
  readonly as: string;
  readonly request: string;
  readonly claims: Record<string, string | string[]>;
}

/** What is asked, or why it is wrong. */
function readQuestion(
  as: string | undefined,
  claimTexts: readonly string[],
  words: readonly string[],
): Asked | string {
  const [method = '', path = '', ...others] = words.flatMap((word) => word.split(' '));
  if (as === undefined || as === '') return 'expected --as <user>';
  if (!/^[A-Za-z]+$/.test(method) || !path.startsWith('/') || others.length > 0)
    return 'expected a method and a path, such as POST /api/free';
  const claims = readClaims(claimTexts);
  return typeof claims === 'string' ? claims : { as, claims, request: `${method.toUpperCase()} ${path}` };
}

/** A reason not to answer, and the exit code. */
interface Refusal {
  readonly message: string;
  readonly code: number;
}

/** The configuration's answer, or why there is none. */
function answer(
  config: Config,
  name: string | undefined,
  question: Asked,
): { endpoint: Endpoint; found: Explanation } | Refusal {
  const endpoint = findEndpoint(config, name);
  if (typeof endpoint === 'string') return { message: endpoint, code: EXIT.config };
  if (endpoint.auth.method === 'BASIC' && Object.keys(question.claims).length > 0) {
    const message = `users of the BASIC endpoint ${endpoint.name} have no claims: omit --claim`;
    return { message, code: EXIT.usage };
  }
  const users = [...(config.users.get(endpoint.name)?.keys() ?? [])];
  return { endpoint, found: explainSignIn(endpoint, users, question) };
}

export const explain: Command = ({ args, env, cwd, out, err }) => {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const refuse = ({ message, code }: Refusal): Promise<number> => {
    err(`comfy-tenant explain: ${message}`);
    return Promise.resolve(code);
  };
  const question = readQuestion(values.as, values.claim, positionals);
  if (typeof question === 'string')
    return refuse({ message: `${question}. See comfy-tenant explain --help`, code: EXIT.usage });
  const loaded = loadConfig(resolve(cwd, values.config), env, values.config);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(fault);
    return Promise.resolve(EXIT.config);
  }
  const answered = answer(loaded.config, values.endpoint, question);
  if ('message' in answered) return refuse(answered);
  const { endpoint, found } = answered;
  if (values.json) out(json(endpoint, found));
  else for (const line of lines(endpoint, question, found)) out(loaded.conceal(line));
  return Promise.resolve(found.allowed ? EXIT.ok : EXIT.failed);
};
