import { run } from './docker.ts';

const variable = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:compose`);
  return value;
};

export const checkout = variable('CHECKOUT');
const gateway = `http://127.0.0.1:${variable('GATEWAY_PORT')}`;
const prometheus = `http://127.0.0.1:${variable('PROMETHEUS_PORT')}`;

/** @throws Error with its last lines when it fails */
export function docker(...args: string[]): string {
  return run('docker', args);
}

/** As an operator calls it, in the copy of the checkout. @throws Error with its last lines when it fails */
export function compose(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string } = {},
): string {
  return run('docker-compose', ['--ansi', 'never', ...args], {
    cwd: checkout,
    input: options.input ?? '',
    env: { ...process.env, ...options.env },
  });
}

/** The facts of a container that decide what its programs may do. */
export interface Container {
  readonly Name: string;
  readonly Config: { readonly User: string };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Init: boolean | null;
    readonly RestartPolicy: { readonly Name: string };
  };
  readonly Mounts: readonly {
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
    readonly Name?: string;
  }[];
  readonly State: {
    readonly Running: boolean;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
}

export function containers(): Container[] {
  const ids = compose(['ps', '-aq']).trim().split('\n');
  return JSON.parse(docker('inspect', ...ids)) as Container[];
}

export async function until(holds: () => boolean | Promise<boolean>, seconds: number): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; ;) {
    if (
      await Promise.resolve()
        .then(holds)
        .catch(() => false)
    )
      return;
    if (Date.now() > deadline) throw new Error(`did not happen within ${seconds} s: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** The status of a request with these credentials; 0 if nothing answers. */
export async function statusOf(path: string, credentials?: string): Promise<number> {
  const headers =
    credentials === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
  return fetch(`${gateway}${path}`, { headers }).then(
    ({ status }) => status,
    () => 0,
  );
}

/** The values of a query to the stack's Prometheus. */
export async function query(expression: string): Promise<string[]> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result.map(({ value }) => value[1]);
}
