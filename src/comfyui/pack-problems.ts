interface Problem {
  readonly level: 'ok' | 'warning';
  readonly text: string;
}

/** A node pack, as the plugin describes it to operators. */
interface NodePack {
  readonly pack: string;
  readonly version: string | null;
  readonly state: 'works' | 'partly' | 'closed' | 'not assessed';
  readonly limits: string;
  readonly remedy: string;
}

export interface PackFacts {
  readonly packs?: readonly NodePack[];
  /** Profiles, and lines of the setting allowRoutes, that have no effect. */
  readonly profileErrors?: readonly string[];
}

const MAX_TEXT = 300;

// Names come from the folders of packs, and the text is printed on a terminal.
const printable = (text: string): string => text.replace(/\p{C}/gu, '?').slice(0, MAX_TEXT);

/** Each node pack with what users can do with it, and profiles that have no effect. */
export function packProblems({ packs = [], profileErrors = [] }: PackFacts, url: string): Problem[] {
  return [
    ...profileErrors.map(
      (error) => ({ level: 'warning', text: `ComfyUI at ${url}: ${printable(error)}` }) as const,
    ),
    ...packs.map(({ pack, version, state, limits, remedy }) => {
      const details = [limits, remedy].filter((text) => text !== '').join('; ');
      const name = version === null ? pack : `${pack} ${version}`;
      return {
        level: 'ok',
        text: printable(`Node pack ${name}: ${state}${details === '' ? '' : `: ${details}`}`),
      } as const;
    }),
  ];
}
