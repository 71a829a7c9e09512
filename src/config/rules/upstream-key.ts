const LOOPBACK = /^(localhost|127(\.[0-9]+){3}|\[::1\])$/;
/** Other ways to reach 127.0.0.1, as `URL` writes them: Linux connects to it for the address of all interfaces, too. */
const SAME = ['localhost', '[::1]', '0.0.0.0', '[::]', '[::ffff:7f00:1]', '[::ffff:0:0]'];

/** Whether a host name or address is this machine's own, out of reach of others. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** One text for all ways to write the address of the same ComfyUI. */
export function upstreamKey(address: string): string {
  const url = new URL(address);
  const usual = url.protocol === 'https:' ? '443' : '80';
  const host = SAME.includes(url.hostname) ? '127.0.0.1' : url.hostname;
  return `${host}:${url.port === '' ? usual : url.port}`;
}
