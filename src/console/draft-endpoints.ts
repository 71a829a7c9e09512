import { parseDocument } from 'yaml';

/** An endpoint as a draft has it; whatever is missing or of another type is left out. */
export interface DraftEndpoint {
  /** Its place in `endpoints`. */
  readonly at: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly upstreams: readonly string[];
  readonly multiTenant: boolean;
  readonly method: string;
  /** What passwords must have; empty without a policy. */
  readonly policy: string;
  /** As written. */
  readonly usersFile: string | undefined;
  /** The names under `users`. */
  readonly users: readonly string[];
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textsOf(value: unknown): string[] {
  const all = typeof value === 'string' ? [value] : listOf(value);
  return all.filter((one) => typeof one === 'string');
}

function endpointOf(value: unknown, at: number): DraftEndpoint {
  const { name, domains, upstream, multiTenant, auth } = fieldsOf(value);
  const { method, users, usersFile, policy } = fieldsOf(auth);
  return {
    at,
    name: typeof name === 'string' ? name : '',
    domains: domains === undefined ? ['*'] : textsOf(domains),
    upstreams: textsOf(upstream),
    multiTenant: multiTenant === true,
    method: typeof method === 'string' ? method : '',
    policy: textsOf(policy)[0] ?? '',
    usersFile: textsOf(usersFile)[0],
    // By place: an entry without a name must not shift the others.
    users: listOf(users).map((user) => textsOf(fieldsOf(user)['username'])[0] ?? ''),
  };
}

/** The endpoints of a draft, with environment variables as written; none if it is not YAML. */
export function draftEndpoints(text: string): DraftEndpoint[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) return [];
  const root: unknown = document.toJS({ maxAliasCount: 100 });
  return listOf(fieldsOf(root)['endpoints']).map(endpointOf);
}

/** The endpoint that a form names; undefined if the draft has none, or several. */
export function endpointNamed(text: string, name: string): DraftEndpoint | undefined {
  const [found, ...others] = draftEndpoints(text).filter((one) => one.name === name);
  return others.length === 0 && name !== '' ? found : undefined;
}
