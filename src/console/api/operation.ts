import type { z } from 'zod';
import type { Role } from '../accounts-codec.ts';
import type { ConsoleParts } from '../console-context.ts';
import type { ConsoleUser } from '../console-sessions.ts';

/** Statuses besides 200 and those that every operation can have. */
export type ProblemStatus = 404 | 409 | 422 | 503;

/** A refusal, as the response says it. */
export class ApiProblem extends Error {
  readonly status: ProblemStatus;
  readonly errors: readonly string[];
  constructor(status: ProblemStatus, detail: string, errors: readonly string[] = []) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

interface Caller {
  readonly user: ConsoleUser;
  readonly address: string;
  readonly parts: ConsoleParts;
}

type Shape = z.ZodObject;

/** One method of one path. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces, such as `/sessions/{session}`. */
  readonly path: string;
  readonly summary: string;
  readonly role: Role;
  readonly parameters: Shape | undefined;
  readonly query: Shape | undefined;
  readonly body: Shape | undefined;
  readonly result: z.ZodType;
  readonly problems: readonly ProblemStatus[];
  /** @param given validated */
  run(
    given: { readonly parameters: unknown; readonly query: unknown; readonly body: unknown },
    caller: Caller,
  ): unknown;
}

interface Definition<P extends Shape, Q extends Shape, B extends Shape, R extends z.ZodType> extends Pick<
  Operation,
  'id' | 'method' | 'path' | 'summary'
> {
  readonly role?: Role;
  readonly parameters?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly result: R;
  readonly problems?: readonly ProblemStatus[];
  readonly run: (
    given: {
      readonly parameters: z.output<P>;
      readonly query: z.output<Q>;
      readonly body: z.output<B>;
    },
    caller: Caller,
  ) => z.input<R> | Promise<z.input<R>>;
}

/** An operation whose function gets what its schemas describe. */
export function operation<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
  R extends z.ZodType = z.ZodType,
>(definition: Definition<P, Q, B, R>): Operation {
  const { role = 'viewer', parameters, query, body, problems = [], run, ...rest } = definition;
  return {
    ...rest,
    role,
    parameters,
    query,
    body,
    problems,
    run: (given, caller) => run(given as Parameters<typeof run>[0], caller),
  };
}
