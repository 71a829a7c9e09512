import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type LoadedConfig } from '../../src/config/load.ts';

/** Valid hashes; configuration tests never verify a password. */
export const BCRYPT = `$2b$10$abcdefghijklmnopqrstuv${'A'.repeat(31)}`;
export const ARGON2 = `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$${'aGFzaA'.repeat(5)}`;

/** A valid configuration, of which a test case breaks one thing. */
export const BASIC = `endpoints:
  - name: studio
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: BASIC
      users:
        - { username: alice, password: "${BCRYPT}" }
`;

export const JWT = `endpoints:
  - name: api
    upstream: http://127.0.0.1:8188
    multiTenant: true
    auth:
      method: JWT
      issuers:
        - issuer: https://login.example.com
          audience: comfyui
          jwks: { url: https://login.example.com/jwks.json }
      claimTransformations:
        - { location: HEADER, name: X-FunArt-Comfy-UserId, claim: sub }
`;

/** `BASIC` with an operator, bobby, and more lines of the endpoint. */
export function basicWith(lines: string): string {
  const users = BASIC.replace(
    '      users:\n',
    `      operators: { users: [bobby] }\n      users:\n        - { username: bobby, password: "${ARGON2}" }\n`,
  );
  return users + lines.replace(/^\n/, '');
}

/** The number of the first line that contains a text. */
export function lineOf(text: string, part: string): number {
  return text.split('\n').findIndex((line) => line.includes(part)) + 1;
}

export interface ConfigDirectory {
  readonly path: string;
  write(name: string, content: string | Uint8Array): string;
  /** Loads `comfy-tenant.yaml` with this text, in the directory of the other files; messages use its bare name. */
  load(text: string | Uint8Array, env?: Record<string, string>): LoadedConfig;
  remove(): void;
}

export function configDirectory(): ConfigDirectory {
  const path = mkdtempSync(join(tmpdir(), 'config-'));
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(path, name), content, { mode: 0o600 });
    return join(path, name);
  };
  return {
    path,
    write,
    load: (text, env = {}) => loadConfig(write('comfy-tenant.yaml', text), env, 'comfy-tenant.yaml'),
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}

export function faultsOf(loaded: LoadedConfig): readonly string[] {
  return loaded.ok ? [] : loaded.faults;
}

/** Replaces a part and throws if it is missing, so that no case passes by changing nothing. */
export function spoil(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`there is no ${part} to spoil`);
  return text.replace(part, () => by);
}
