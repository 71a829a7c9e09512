import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createFileAtomically } from '../files/write-file-atomically.ts';
import { EXIT, type Command } from './context.ts';

export const help = `comfy-tenant init [--config comfy-tenant.yaml]

Writes a commented starter configuration: one endpoint, users in a file, everything on loopback. Never overwrites an
existing file.`;

/** For editors; the path is the same from src/ and from dist/. */
const SCHEMA = fileURLToPath(new URL('../../comfy-tenant.schema.json', import.meta.url));

const example = (schema: string): string => `# yaml-language-server: $schema=${schema}
# Paths are relative to this file; \${NAME} in a value comes from the environment.
endpoints:
  - name: studio                        # the label in logs and metrics
    domains: ["*"]                      # or your host name, such as comfy.example.com
    upstream: http://127.0.0.1:8188     # the ComfyUI; it must listen on loopback only, with the plugin
    multiTenant: true                   # each user sees only their own workflows, inputs and outputs
    auth:
      method: BASIC
      usersFile: users.htpasswd         # comfy-tenant user add alice

gateway: { listen: 127.0.0.1:8080 }     # what users open; before other machines can reach it, set gateway.tls
admin: { listen: 127.0.0.1:9002 }       # metrics and health
`;

export const init: Command = ({ args, cwd, out, err }) => {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', short: 'c', default: 'comfy-tenant.yaml' } },
  });
  const file = resolve(cwd, values.config);
  if (!createFileAtomically(file, example(relative(dirname(file), SCHEMA)), { mode: 0o640 })) {
    err(`comfy-tenant init: ${values.config} already exists; choose another file with --config`);
    return Promise.resolve(EXIT.failed);
  }
  out(`Wrote ${values.config}. Next: comfy-tenant user add alice, then comfy-tenant check.`);
  return Promise.resolve(EXIT.ok);
};
