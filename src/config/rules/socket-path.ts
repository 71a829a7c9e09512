import type { ConfigPath, Diagnostics } from '../../config-file/diagnostics.ts';
import { isUnixSocket, type ListenAddress } from '../../http/host-port.ts';

/** Length of `sun_path` on Linux, without the final NUL. */
const MAX_SOCKET_PATH = 107;

/** Bytes of the path of a Unix socket; 0 for other addresses. */
function lengthOf(address: ListenAddress): number {
  return isUnixSocket(address) ? Buffer.byteLength(address.path) : 0;
}

/** Whether an address is a Unix socket with a path that the system does not accept. */
export function isTooLong(address: ListenAddress): boolean {
  return lengthOf(address) > MAX_SOCKET_PATH;
}

export function checkSocketPath(address: ListenAddress, path: ConfigPath, diagnostics: Diagnostics): void {
  if (isTooLong(address))
    diagnostics.fault(
      path,
      `is a path of ${lengthOf(address)} bytes: Unix socket paths have at most ${MAX_SOCKET_PATH}, use a shorter one`,
    );
}
