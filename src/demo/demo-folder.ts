import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../files/make-folder.ts';
import { writeFileAtomically } from '../files/write-file-atomically.ts';
import { StartError } from '../errors/start-error.ts';
import { demoUsers, writeUsersFile, type DemoUsers } from './demo-users.ts';

/** All that the demo keeps. */
export interface DemoFolder {
  readonly path: string;
  /** Whether an earlier start made it. */
  readonly kept: boolean;
  readonly users: DemoUsers;
  readonly configFile: string;
  readonly keyFile: string;
  /** Where the demo's ComfyUI keeps its users' files. */
  readonly comfyuiBase: string;
}

/** A demo of comfy-tenant 0.1 shared its key with ComfyUI. Both are started anew, so they can begin with another. */
function dropSharedKey(keyFile: string): void {
  if (existsSync(keyFile) && !readFileSync(keyFile, 'utf8').trimStart().startsWith('{')) rmSync(keyFile);
}

/**
 * Opens the demo's folder, which is made when it is missing.
 *
 * @param reset begins anew: all of it is deleted first
 * @throws CannotStart when what would be deleted is no demo's folder
 */
export async function openDemoFolder(path: string, reset: boolean): Promise<DemoFolder> {
  const passwords = join(path, 'passwords.json');
  if (reset && existsSync(path)) {
    if (!existsSync(passwords)) {
      throw new StartError(
        `${path} is no folder of a demo, and --reset would delete all of it; name another by --demo`,
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
  /** Where its people come in, such as `127.0.0.1:8080`. */
  readonly gateway: string;
  readonly admin: string;
  /** Where Envoy asks the service: `unix:path` or `host:port`. */
  readonly service: string;
  /** The ComfyUI, such as `http://127.0.0.1:8188`. */
  readonly upstream: string;
  readonly keyFile: string;
}

/** Writes the demo's configuration for the addresses of this start. */
export function writeDemoConfig(folder: DemoFolder, addresses: DemoAddresses): void {
  const { gateway, admin, service, upstream, keyFile } = addresses;
  const text = `# The demo's configuration, written anew at each \`npm start\`. A change is taken within a second and lasts until then.
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
admin: { listen: ${JSON.stringify(admin)} }
`;
  writeFileAtomically(folder.configFile, text);
}
