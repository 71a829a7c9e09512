import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'node:http';
import { createLog } from '../../src/admin/log.ts';
import { loadConfig, loadConfigText } from '../../src/config/load.ts';
import { stateFiles } from '../../src/config/state-files.ts';
import { openAccounts } from '../../src/console/accounts.ts';
import { startService } from '../../src/service/service.ts';
import { watchConfig } from '../../src/config/watch.ts';
import { aDirectory } from '../support/temp-dir.ts';

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$o72R4+V9LiP1octOGsSnBw$LmWjWIyyDBOTjfj2gv6ZmnZJ6dk+GceLzL4X4OLMmyE';
export const PASSWORD = 'correct horse battery';

export const CONFIG = `\
# Who may sign in.
endpoints:
  - name: studio # the drawing office
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: BASIC
      users:
        - { username: alice, password: "${HASH}" } # first
admin: { listen: 127.0.0.1:0 }
service: { listen: 127.0.0.1:0 }
portal: { listen: 127.0.0.1:0, address: 127.0.0.1:1 }
`;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A browser without scripts: keeps cookies, and sends what browsers send with a form. */
export interface Visitor {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Sends the first form's token along unless the fields have one. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Reply>;
  readonly cookies: Map<string, string>;
}

export function visitor(port: number): Visitor {
  const cookies = new Map<string, string>();
  function send(
    method: string,
    path: string,
    { body, headers }: { body?: string; headers: Readonly<Record<string, string>> },
  ): Promise<Reply> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => {
            for (const line of response.headers['set-cookie'] ?? []) {
              const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
              if (value === '') cookies.delete(name);
              else cookies.set(name, value);
            }
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }
  return {
    cookies,
    get: (path, headers = {}) => send('GET', path, { headers: { accept: 'text/html', ...headers } }),
    post: (path, fields, headers = {}) =>
      send('POST', path, {
        body: new URLSearchParams(fields).toString(),
        headers: {
          accept: 'text/html',
          'content-type': 'application/x-www-form-urlencoded',
          origin: `http://127.0.0.1:${port}`,
          'sec-fetch-site': 'same-origin',
          ...headers,
        },
      }),
  };
}

/** The token of the last form on a page. */
export function tokenIn({ text }: Reply): string {
  return [...text.matchAll(/name="token" value="([^"]+)"/g)].at(-1)?.[1] ?? '';
}

/** A real service with its console, on a configuration of its own. */
export async function startConsole(config = CONFIG, { clock = { ms: 0 } } = {}) {
  const directory = aDirectory();
  const file = join(directory.path, 'comfy-tenant.yaml');
  writeFileSync(file, config, { mode: 0o600 });
  const loaded = loadConfig(file, {});
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const lines: string[] = [];
  const now = (): number => Date.now() + clock.ms;
  const service = await startService({
    config: loaded.config,
    revision: loaded.revision,
    log: createLog('info', { write: (line) => lines.push(line) }),
    checkText: (text) => loadConfigText(text, { file, env: {} }),
    now,
    monotonic: () => performance.now() + clock.ms,
  });
  const ending = new AbortController();
  const watching = watchConfig({
    file,
    env: {},
    revision: loaded.revision,
    signal: ending.signal,
    onChange(next) {
      if (next.ok) service.replace(next.config, next.revision);
      else service.refuse(next.faults);
    },
  });
  const accounts = openAccounts({ path: stateFiles(loaded.config).consoleAccounts, now, randomBytes });
  return {
    file,
    directory: directory.path,
    accounts,
    port: service.adminPort,
    config: loaded.config,
    /** The audit events so far. */
    events: (): Record<string, unknown>[] =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ stream }) => stream === 'audit'),
    logged: (): string => lines.join(''),
    async close() {
      ending.abort();
      await watching;
      await service.close();
      directory.remove();
    },
  };
}

type Started = Awaited<ReturnType<typeof startConsole>>;

/** Someone who used a link to set up an account. */
export async function signedIn(
  { accounts, port }: Started,
  role: 'administrator' | 'viewer' = 'administrator',
  name = 'olga',
): Promise<Visitor> {
  const link = await accounts.createLink({ role });
  const someone = visitor(port);
  const page = await someone.get(`/console/setup?link=${link}`);
  const done = await someone.post('/console/setup', { token: tokenIn(page), link, name, password: PASSWORD });
  if (done.status !== 303) throw new Error(`not signed in: ${done.status} ${done.text}`);
  return someone;
}

/** Sends a form of a page, with its token. */
export async function send(who: Visitor, path: string, fields: Readonly<Record<string, string>>) {
  return who.post(path, { token: tokenIn(await who.get('/console/endpoints')), ...fields });
}
