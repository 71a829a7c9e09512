import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { createServer as createPlainServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Certificates that a server may have, of which Node trusts none by itself. */
export type Fault = 'self-signed' | 'unknown CA' | 'expired' | 'not yet valid' | 'another name' | 'no TLS';

const DATES: Partial<Record<Fault, readonly [from: string, to: string]>> = {
  expired: ['20200101000000Z', '20210101000000Z'],
  'not yet valid': ['20900101000000Z', '20910101000000Z'],
};

const CA_CONFIG = `[ca]
default_ca = one
[one]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
email_in_dn = no
[any]
commonName = supplied
`;

/** Writes `ca.crt`, and `FAULT.key` and `FAULT.crt` for 127.0.0.1; returns their paths without ending. */
function writeCertificates(folder: string, fault: Fault): string {
  const at = (name: string): string => join(folder, name);
  const leaf = at(fault.replaceAll(' ', '-'));
  const names = fault === 'another name' ? 'DNS:comfy.example.com' : 'IP:127.0.0.1,DNS:localhost';
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${leaf}.key`];
  const subject = ['-subj', '/CN=server', '-addext', `subjectAltName=${names}`];
  if (fault === 'self-signed') {
    openssl('req', '-x509', ...key, ...subject, '-days', '2', '-out', `${leaf}.crt`);
    return leaf;
  }
  const authority = ['-keyout', at('ca.key'), '-out', at('ca.crt'), '-subj', '/CN=Example CA', '-days', '2'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...authority);
  openssl('req', ...key, ...subject, '-out', `${leaf}.csr`);
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('ca.cnf'), CA_CONFIG.replace('index.txt', at('index.txt')).replace('= .', `= ${folder}`));
  const [from, to] = DATES[fault] ?? ['20200101000000Z', '20900101000000Z'];
  const dates = ['-startdate', from, '-enddate', to];
  const signing = ['-batch', '-notext', '-cert', at('ca.crt'), '-keyfile', at('ca.key')];
  openssl('ca', '-config', at('ca.cnf'), ...signing, ...dates, '-in', `${leaf}.csr`, '-out', `${leaf}.crt`);
  return leaf;
}

/** A server that answers everything with 200 and `{}`; returns its `https` address. */
export async function serveTls(folder: string, fault: Fault): Promise<string> {
  const answer = (_: unknown, response: { end(text: string): void }): void => {
    response.end('{}');
  };
  const leaf = fault === 'no TLS' ? undefined : writeCertificates(folder, fault);
  const server: Server | ReturnType<typeof createPlainServer> =
    leaf === undefined
      ? createPlainServer(answer)
      : createServer({ key: readFileSync(`${leaf}.key`), cert: readFileSync(`${leaf}.crt`) }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
