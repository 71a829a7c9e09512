import type { Readiness } from '../admin/admin-server.ts';
import type { PartStatus } from '../console/operations.ts';
import type { UpstreamWatch } from '../comfyui/watch-upstreams.ts';
import type { BuiltEndpoints } from './build-endpoints.ts';

interface WithProblems {
  problems(): readonly string[];
}

export interface PartStatesOptions {
  /** Of a rejected configuration change. */
  readonly faults: () => readonly string[];
  readonly envoy: (WithProblems & { state(): Exclude<Readiness['envoy'], 'separate'> }) | undefined;
  readonly bootstraps: WithProblems;
  readonly built: () => BuiltEndpoints;
  readonly comfyuis: Pick<UpstreamWatch, 'reports'>;
  readonly files: readonly WithProblems[];
  readonly conceal: (text: string) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Every part of the gateway with its problems. */
export interface PartStates {
  problems(): readonly string[];
  list(): readonly PartStatus[];
}

type Part = Omit<PartStatus, 'works' | 'sinceMs'>;

export function createPartStates(options: PartStatesOptions): PartStates {
  const { faults, envoy, bootstraps, built, comfyuis, files, conceal, now } = options;
  const known = new Map<string, { readonly works: boolean; readonly sinceMs: number }>();

  function parts(): Part[] {
    const keys = built().keyRing.issuers.map(({ issuer, source: { problem } }) => ({
      kind: 'keys' as const,
      name: issuer,
      problems: problem === undefined ? [] : [`keys of ${issuer}: ${problem}`],
    }));
    return [
      { kind: 'configuration', name: '', problems: faults() },
      { kind: 'envoy', name: '', problems: [...(envoy?.problems() ?? []), ...bootstraps.problems()] },
      ...keys,
      ...[...comfyuis.reports].map(([url, { problem }]) => ({
        kind: 'comfyui' as const,
        name: url,
        problems: problem === undefined ? [] : [problem],
      })),
      { kind: 'files', name: '', problems: files.flatMap((one) => one.problems()) },
    ];
  }

  function withState({ kind, name, problems }: Part): PartStatus {
    const key = `${kind} ${name}`;
    const works = problems.length === 0;
    const before = known.get(key);
    const { sinceMs } = before?.works === works ? before : { sinceMs: now() };
    known.set(key, { works, sinceMs });
    return { kind, name: conceal(name), works, sinceMs, problems: problems.map(conceal) };
  }

  return {
    problems: () => parts().flatMap(({ problems }) => problems.map(conceal)),
    list: () => parts().map(withState),
  };
}
