import { portalListen } from '../config/portal-address.ts';
import type { Config } from '../config/schema.ts';
import type { Check } from '../ext-authz/authorization-service.ts';
import { startGrpcServer, type GrpcServer } from '../ext-authz/grpc-server.ts';
import { startPortal, type Portal, type PortalOptions } from '../portal/portal.ts';

/** What Envoy connects to. Rejects with nothing left open. */
export async function startServers(
  config: Config,
  check: Check,
  app: PortalOptions['app'],
): Promise<{ portal: Portal; grpc: GrpcServer }> {
  const portal = await startPortal({ ...config.service, listen: portalListen(config), app });
  try {
    return { portal, grpc: await startGrpcServer({ ...config.service, check }) };
  } catch (error) {
    await portal.close();
    throw error;
  }
}
