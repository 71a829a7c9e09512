import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { StartError } from '../errors/start-error.ts';
import { demoUsers, writeUsersFile, type DemoUsers } from './demo-users.ts';

/** The files of a demo. */
export interface DemoFolder {
  readonly path: string;
  /** Whether it existed before this start. */
  readonly kept: boolean;
  readonly users: DemoUsers;
  readonly configFile: string;
  readonly keyFile: string;
  /** Base folder of the demo's ComfyUI, with its users' files. */
  readonly comfyuiBase: string;
}

/** Removes the shared key of a comfy-tenant 0.1 demo: both sides start now, and can use a new key. */
function dropSharedKey(keyFile: string): void {
  if (existsSync(keyFile) && !readFileSync(keyFile, 'utf8').trimStart().startsWith('{')) rmSync(keyFile);
}

/**
 * Opens the demo's folder, creating it if it is missing.
 *
 * @param reset delete everything in it first
 * @throws StartError if the folder to delete is not a demo folder
 */
export async function openDemoFolder(path: string, reset: boolean): Promise<DemoFolder> {
  const passwords = join(path, 'passwords.json');
  if (reset && existsSync(path)) {
    if (!existsSync(passwords)) {
      throw new StartError(
        `${path} is not a demo folder, and --reset would delete it; choose another with --demo`,
      );
    }
    rmSync(path, { recursive: true });
  }
  const kept = existsSync(passwords);
  makeFolder(path, { mode: 0o700 });
  const users = demoUsers(passwords);
  await writeUsersFile(join(path, 'users.htpasswd'), users);
  const keyFile = join(path, 'token.key');
  dropSharedKey(keyFile);
  return {
    path,
    kept,
    users,
    configFile: join(path, 'comfy-tenant.yaml'),
    keyFile,
    comfyuiBase: join(path, 'comfyui'),
  };
}

export interface DemoAddresses {
  /** Where users connect, such as `127.0.0.1:8080`. */
  readonly gateway: string;
  readonly admin: string;
  /** Where Envoy connects to the service: `unix:path` or `host:port`. */
  readonly service: string;
  /** Where Envoy connects to the sign-in pages, in the same form. */
  readonly portal: string;
  /** ComfyUI's address, such as `http://127.0.0.1:8188`. */
  readonly upstream: string;
  readonly keyFile: string;
}

/** Writes the demo's configuration for the addresses of this start. */
export function writeDemoConfig(folder: DemoFolder, addresses: DemoAddresses): void {
  const { gateway, admin, service, portal, upstream, keyFile } = addresses;
  const text = `# The demo's configuration, rewritten by each \`npm start\`. Changes apply within a second, until the next start.
endpoints:
  - name: demo
    upstream: ${upstream}
    multiTenant: true
    auth:
      method: BASIC
      realm: comfy-tenant demo
      usersFile: users.htpasswd
comfyui: { tokenKeyFile: ${JSON.stringify(keyFile)}, verifyKeyFile: verify.key }
gateway: { listen: ${JSON.stringify(gateway)} }
service: { listen: ${JSON.stringify(service)} }
portal:
  listen: ${JSON.stringify(portal)}
  title: comfy-tenant demo
  notice: The names and passwords are in the terminal where the demo was started.
session: { keyFile: session.keys }
admin: { listen: ${JSON.stringify(admin)} }
`;
  writeFileAtomically(folder.configFile, text);
}
