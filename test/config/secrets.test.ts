import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/admin/log.ts';
import { check } from '../../src/commands/check.ts';
import { startService } from '../../src/service/service.ts';
import { BASIC, BCRYPT, configDirectory, JWT, type ConfigDirectory } from './config-file.ts';
import { up } from '../../src/commands/up.ts';
import { verify } from '../../src/commands/verify.ts';
import { run } from './run-command.ts';

/** Possible secrets; some are valid in some places, so that the configuration is loaded. */
const SENTINELS = [
  's3cr3t-Sentinel!',
  'sentinel42',
  'SENTINEL/../x"y\\z',
  'https://sentinel42.example.com/k?t=sentinel42',
];

const FULL = `${BASIC.replace('multiTenant', 'domains: [a.example.com]\n    multiTenant').trimEnd()}
        - { username: bob, password: "${BCRYPT.replace('A', 'B')}" }
      realm: Studio
      usersFile: users.htpasswd
      userIdPrefix: corp
      operators: { users: [corp~alice], claim: { name: role, value: admin } }
    publicPaths:
      - { path: /public/*, answer: { status: 200, body: hello } }
${JWT.replace('endpoints:\n', '')
  .replace('8188', '8189')
  .replace(
    'audience: comfyui',
    'audience: comfyui\n          typ: at+jwt\n          requiredClaims: { tier: pro }',
  )}
comfyui: { tokenKeyFile: token.key }
gateway: { listen: 127.0.0.1:8080, tls: { certFile: c.pem, keyFile: k.pem } }
service: { listen: unix:run/a.sock, rememberFor: 10m }
admin: { listen: 127.0.0.1:9002 }
log: { level: info }
`;

/** Positions of values in FULL: after a colon, or in a list. */
function positions(): { start: number; end: number }[] {
  return [...FULL.matchAll(/(?<=[:[,] )(?:"[^"\n]*"|[^\s"{}[\],]+)|(?<=\[)[^\s"{}[\],]+/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

let directory: ConfigDirectory;
beforeEach(() => {
  directory = configDirectory();
  directory.write('users.htpasswd', `carol:${BCRYPT}\n`);
});
afterEach(() => {
  directory.remove();
});

async function outputOf(text: string, env: Record<string, string>): Promise<string> {
  directory.write('comfy-tenant.yaml', text);
  const { out, err } = await run(check, { cwd: directory.path, env });
  return [...out, ...err].join('\n');
}

function expectNone(output: string, secret: string, text: string): void {
  for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), 'sentinel42'])
    if (secret.includes(form) || form !== 'sentinel42')
      expect(output.toLowerCase(), text).not.toContain(form.toLowerCase());
}

test.each(SENTINELS)('an environment value like %s is never shown, wherever it is used', async (secret) => {
  const places = positions();
  expect(places.length).toBeGreaterThan(40);
  for (const { start, end } of places) {
    for (const by of [
      '"${SECRET}"',
      '"${SECRET}${NONE}"',
      '{ a: "${SECRET}" }',
      '["${SECRET}", "${SECRET}"]',
    ]) {
      const text = FULL.slice(0, start) + by + FULL.slice(end);
      expectNone(await outputOf(text, { SECRET: secret }), secret, text);
    }
  }
});

test.each([
  '? { a: "${SECRET}" }\n: 1\n',
  '? ["${SECRET}"]\n: 1\n',
  'a: &a "${SECRET}"\n*a : 1\n',
  '? "${SECRET}"\n: 1\n',
  '? |\n  ${SECRET}\n: 1\n',
  '"${SECRET}": 1\n',
  '? &a { "${SECRET}": 1 }\n: *a\n',
  '!<${SECRET}> a: 1\n',
  '{ "${SECRET}": 1, "${SECRET}": 2 }\n',
  'endpoints: { ? { a: "${SECRET}" } : 1 }\n',
])('as a key, %s, it is never shown', async (text) => {
  for (const secret of SENTINELS) expectNone(await outputOf(text, { SECRET: secret }), secret, text);
});

test.each([
  ['a password joined to its key', BASIC.replace(/password: "[^"]+"/, 'password:hunter2-hunter2')],
  ['a password without its closing quote', BASIC.replace(/password: "[^"]+"/, 'password: "hunter2-hunter2')],
  ['a password with an odd escape', BASIC.replace(/password: "[^"]+"/, 'password: "hunter2-hunter2\\q"')],
  ['a password after a bracket', BASIC.replace(/password: "[^"]+"/, 'password: "a"hunter2-hunter2')],
  ['a plain password', BASIC.replace(/password: "[^"]+"/, 'password: hunter2-hunter2')],
  ['a password as the user’s name', BASIC.replace('alice', '"$2b$hunter2-hunter2"').repeat(1)],
  ['a list of passwords', BASIC.replace(/password: "[^"]+"/, 'password: [hunter2-hunter2]')],
  ['a password as a tag', BASIC.replace(/password: "[^"]+"/, 'password: !hunter2-hunter2')],
  ['a password as an alias', BASIC.replace(/password: "[^"]+"/, 'password: *hunter2-hunter2')],
  ['a password with a tab', BASIC.replace(/users:\n/, 'users:\n\t- hunter2-hunter2\n')],
  ['a directive', `%hunter2-hunter2 x\n---\n${BASIC}`],
  ['a reserved first letter', BASIC.replace(/password: "[^"]+"/, 'password: @hunter2-hunter2')],
])('%s is never shown', async (_, text) => {
  expect(await outputOf(text, {})).not.toContain('hunter2-hunter2');
});

test.each([
  'hunter2-hunter2',
  'alice:hunter2-hunter2',
  '$2b$10$hunter2-hunter2:alice',
  `$2b$10$hunter2-hunter2:${BCRYPT}\n$2b$10$hunter2-hunter2:${BCRYPT}`,
  'alice:$2b$99$hunter2-hunter2',
])('a line of the users file like %s is never shown', async (line) => {
  directory.write('users.htpasswd', `${line}\n`);
  const text = BASIC.replace(/users:[^]*/, 'usersFile: users.htpasswd\n');
  expect(await outputOf(text, {})).not.toContain('hunter2-hunter2');
});

test('the URL of keys that cannot be fetched is shown without its query', async () => {
  const text = JWT.replace(
    'url: https://login.example.com/jwks.json',
    'url: "https://login.example.com/jwks.json?key=${SECRET}"',
  );
  const loaded = directory.load(`${text}service: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n`, {
    SECRET: 'sentinel42',
  });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const { config, revision, conceal } = loaded;
  const failing = { fetch: () => Promise.reject(new Error('refused')) };
  const service = await startService({ config, revision, log, conceal, ...failing });
  try {
    await expect.poll(() => lines.join('')).toContain('login.example.com');
    const ready = await fetch(`http://127.0.0.1:${service.adminPort}/readyz`);
    const told = lines.join('') + (await ready.text());
    expect(told).toContain('login.example.com');
    expect(told).not.toContain('sentinel42');
  } finally {
    await service.close();
  }
});

test('values of environment variables in names of endpoints and issuers are not in the metrics', async () => {
  const text = JWT.replace('name: api', 'name: "api-${SECRET}"').replace(
    'issuer: https://login.example.com',
    'issuer: "https://${SECRET}.example.com"',
  );
  const loaded = directory.load(`${text}service: { listen: 127.0.0.1:0 }\nadmin: { listen: 127.0.0.1:0 }\n`, {
    SECRET: 'sentinel42',
  });
  if (!loaded.ok) throw new Error(loaded.faults.join('\n'));
  const { config, revision, conceal } = loaded;
  const fetchNothing = () => Promise.reject(new Error('refused'));
  const service = await startService({
    config,
    revision,
    log: createLog('error', { write: () => undefined }),
    conceal,
    fetch: fetchNothing,
  });
  try {
    const metrics = async () => (await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)).text();
    await expect.poll(metrics).toContain('issuer="https://${SECRET}.example.com"');
    expect(await metrics()).not.toContain('sentinel42');
  } finally {
    await service.close();
  }
});

test.each([
  ['up', up, ['--config', 'comfy-tenant.yaml'], /gateway\.listen: \$\{LISTEN\} is in use/],
  ['verify', verify, [], /\$\{LISTEN\}/],
] as const)('%s shows no value of an environment variable', async (_, command, args, shown) => {
  const server = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const listen = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory.write('comfy-tenant.yaml', `${BASIC}gateway: { listen: "\${LISTEN}" }\n`);
  try {
    const { out, err } = await run(command, { cwd: directory.path, args, env: { LISTEN: listen } });
    expect([...out, ...err].join('\n')).toMatch(shown);
    expect([...out, ...err].join('\n')).not.toContain(listen);
  } finally {
    server.close();
  }
});
