import { hashSync } from '@node-rs/bcrypt';
import { join } from 'node:path';
import { basic } from '../support/requests.ts';
import { startEchoUpstream } from './echo-upstream.ts';
import { startRealGateway } from './real-service.ts';
import { aVisitor } from './visitor.ts';

export const HOST = 'comfy.example.com';
const DIALOG = 'dialog.example.com';

const user = (username: string, password: string): string =>
  `{ username: ${username}, password: "${hashSync(password, 4)}" }`;

const config = (upstream: number, host: string): string => `
endpoints:
  - name: studio
    domains: [${host}]
    upstream: http://127.0.0.1:${String(upstream)}
    multiTenant: true
    auth: { method: BASIC, users: [${user('alice', 'tulip')}, ${user('bob', 'cedar')}] }
  - name: dialog
    domains: [${DIALOG}]
    upstream: http://127.0.0.1:${String(upstream)}
    multiTenant: true
    auth: { method: BASIC, signIn: browser, userIdPrefix: dialog, users: [${user('alice', 'tulip')}] }
sameUsers: true
service: { listen: "unix:authz.sock" }
admin: { listen: 127.0.0.1:0 }
portal: { title: Studio <1>, notice: "Ask <carol>." }
`;

/** A real Envoy and service with an endpoint for the sign-in page and one for the browser's dialog. */
export async function startPortalGateway({ host = HOST } = {}) {
  const upstream = await startEchoUpstream();
  const signedIn = basic('alice', 'tulip');
  const gateway = await startRealGateway({
    config: config(upstream.port, host),
    ready: [
      [host, signedIn],
      [DIALOG, signedIn],
    ],
  });
  upstream.seen.length = 0;
  /** Without what the service itself sends to close WebSockets. */
  const seen = () => upstream.seen.filter(({ url }) => url !== '/_tenant/close');
  return {
    port: gateway.envoy.port,
    visitor: (name = host) => aVisitor(gateway.envoy.port, name),
    seen,
    /** A file next to the keys. */
    file: (name: string) => join(gateway.directory.path, '.comfy-tenant', name),
    /** The headers of the last request that reached ComfyUI. */
    last: () => Object.fromEntries(seen().at(-1)?.headers ?? []),
    forget() {
      upstream.seen.length = 0;
    },
    async stop() {
      await gateway.stop();
      await upstream.close();
    },
  };
}
