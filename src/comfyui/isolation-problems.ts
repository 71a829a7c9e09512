interface Problem {
  readonly level: 'ok' | 'warning';
  readonly text: string;
}

/** How a ComfyUI keeps node code away from others' files, as its plugin says; nothing where it does not say. */
export function isolationProblems(isolation: string | undefined, url: string): Problem[] {
  if (isolation === undefined) return [];
  const text = `ComfyUI at ${url}: isolation: ${isolation}`;
  if (isolation.startsWith('kernel')) return [{ level: 'ok', text }];
  return [
    {
      level: 'warning',
      text: `${text}. Libraries and programs that nodes use can read other users' files: see docs/security.md, and requireKernelIsolation.`,
    },
  ];
}
