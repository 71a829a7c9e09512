import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes tls.key and tls.crt for comfy.example.com, signed by itself. */
export function writeCertificate(directory: string): Buffer {
  const [key, cert] = [join(directory, 'tls.key'), join(directory, 'tls.crt')];
  const names = ['-subj', '/CN=comfy.example.com', '-addext', 'subjectAltName=DNS:comfy.example.com'];
  const files = ['-nodes', '-days', '1', '-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...names, ...files], { stdio: 'ignore' });
  return readFileSync(cert);
}
