import { bareHost } from '../http/host-port.ts';
import { isMetadataAddress } from './metadata-address.ts';

/** Why nothing is fetched from an address that the configuration names, or undefined. */
export function issuerAddressFault(address: string, allowHttp: boolean): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'must be an https URL, such as https://login.example.com';
  if (url.protocol === 'http:' && !allowHttp)
    return 'must be https; for a test or a closed network set allowHttp: true';
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password';
  if (isMetadataAddress(bareHost(url.hostname)))
    return 'must not be a link-local or other metadata address: keys are never fetched from there';
  return undefined;
}
