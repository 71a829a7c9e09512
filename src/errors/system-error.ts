/** What the system says of a failed call; Node puts these beside the message. */
type SystemError = NodeJS.ErrnoException & {
  readonly address?: string;
  readonly port?: number;
  readonly dest?: string;
};

const RIGHTS = 'check the owner and mode of it and of the folders above it, or run as another user';

const RULES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space (df -h), then try again',
  EDQUOT: 'the disk quota of this user is used up: free some space, then try again',
  EFBIG: 'the file would become larger than the system allows: free some space or raise ulimit -f',
  EACCES: `this user has no permission: ${RIGHTS}`,
  EPERM: `this user has no permission: ${RIGHTS}`,
  EROFS: 'the file system is read-only: mount it writable, or use a folder elsewhere',
  EMFILE: 'this process has too many open files: raise the limit (ulimit -n 65536), then try again',
  ENFILE: 'the system has too many open files: end other programs or raise fs.file-max',
  ENOMEM: 'the system has no memory left: end other programs or add memory',
  ENOENT: 'does not exist: create it or name another',
  ENOTDIR: 'a part of this path is a file, not a folder: name another path',
  EISDIR: 'is a folder, not a file: name a file',
  EEXIST: 'exists already: delete it or name another',
  ELOOP: 'is a symbolic link that leads back to itself: replace the link',
  ENAMETOOLONG: 'the path is too long: use a shorter one',
  ENOTEMPTY: 'the folder is not empty: empty it or name another',
  EBUSY: 'is in use by the system: unmount it or try again later',
  EXDEV: 'is on another file system than its target: use one file system for both',
  ETXTBSY: 'the program is being executed: stop it first',
  EIO: 'the disk failed to read or write: check the disk (dmesg)',
  EADDRINUSE: 'another program listens there: stop it, or configure another address',
  EADDRNOTAVAIL: 'is not an address of this machine: use 127.0.0.1, 0.0.0.0 or one that `ip addr` shows',
  EAFNOSUPPORT: 'this machine has no IPv6 or IPv4, whichever that address is: use one of the other kind',
  ECONNREFUSED: 'nothing listens there: start the server, or correct the address',
  ECONNRESET: 'the server closed the connection: see its log, then try again',
  EHOSTUNREACH: 'the host cannot be reached: check the network',
  ENETUNREACH: 'the network cannot be reached: check the network',
  ETIMEDOUT: 'the server does not answer: check the address and firewalls',
  ENOTFOUND: 'the host name is unknown: check its spelling and DNS',
  EAI_AGAIN: 'the host name cannot be looked up now: check DNS, then try again',
  EAGAIN: 'the system has no process or thread left: raise ulimit -u, or try again later',
};

const PRIVILEGED_PORTS = 1024;

function place({ path, dest, address, port, syscall }: SystemError): string {
  if (address !== undefined) {
    // A Unix socket's path is given as the address, with port -1.
    if (port === undefined || port < 0) return address;
    return `${address.includes(':') ? `[${address}]` : address}:${port}`;
  }
  if (path !== undefined) return dest === undefined ? path : `${path} → ${dest}`;
  return syscall ?? 'system';
}

function ruleOf(error: SystemError): string | undefined {
  const { code = '', port = -1 } = error;
  if ((code === 'EACCES' || code === 'EPERM') && port > 0 && port < PRIVILEGED_PORTS)
    return `ports below ${PRIVILEGED_PORTS} need root or CAP_NET_BIND_SERVICE: use a port from ${PRIVILEGED_PORTS}`;
  if (code === 'EEXIST' && error.syscall === 'mkdir')
    return 'is a file, but a folder is needed here: delete it or name another path';
  return Object.hasOwn(RULES, code) ? RULES[code] : undefined;
}

/**
 * One line for an error of the system: place, rule with its remedy, and the code; undefined for any other error. The
 * call is named too, as reading and writing have different remedies.
 */
export function explainSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = '', syscall, path, address } = error as SystemError;
  // An error of our own keeps the code of its cause, but no call: it has its message.
  if (syscall === undefined && path === undefined && address === undefined) return undefined;
  const rule = ruleOf(error);
  if (rule === undefined) return undefined;
  return `${place(error)}: ${rule} (${syscall === undefined ? code : `${code}, ${syscall.split(' ', 1)[0] ?? ''}`})`;
}
