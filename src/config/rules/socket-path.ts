import type { ConfigPath, Diagnostics } from '../../config-file/diagnostics.ts';

/** Length of `sun_path` on Linux, without the final NUL. */
const MAX_SOCKET_PATH = 107;

function lengthOf(address: string): number {
  return Buffer.byteLength(address) - 'unix:'.length;
}

/** Whether an address is a Unix socket with a path that the system does not accept. */
export function isTooLong(address: string): boolean {
  return address.startsWith('unix:') && lengthOf(address) > MAX_SOCKET_PATH;
}

export function checkSocketPath(address: string, path: ConfigPath, findings: Diagnostics): void {
  if (isTooLong(address))
    findings.fault(
      path,
      `is a path of ${lengthOf(address)} bytes: Unix socket paths have at most ${MAX_SOCKET_PATH}, use a shorter one`,
    );
}
