import type { OutgoingHttpHeaders } from 'node:http';
import { sendRequest, type Target } from './http-request.ts';
import { hostPort, parseOrigin } from '../http/host-port.ts';
import type { TestUser } from './test-client.ts';

/** The result of one attack. */
export interface Probe {
  readonly name: string;
  /** Whether the attack failed, as it should. */
  readonly refused: boolean;
  readonly outcome: string;
}

/** What the attack tries to read: something that only its owner may read. */
export interface ProbeTarget {
  readonly path: string;
  /** The user id of its owner. */
  readonly owner: string;
  /** Text that the response contains for its owner. */
  readonly proof: string;
}

const ID = 'X-FunArt-Comfy-UserId';

type Forgery = readonly [how: string, headers: (owner: string) => OutgoingHttpHeaders];

const FORGERIES: readonly Forgery[] = [
  ['1x', (owner) => ({ [ID]: owner })],
  ['2x', (owner) => ({ [ID]: [owner, owner] })],
  ['lower case', (owner) => ({ [ID.toLowerCase()]: owner })],
  ['underscores', (owner) => ({ [ID.replaceAll('-', '_')]: owner })],
  ['Connection', (owner) => ({ [ID]: owner, connection: `close, ${ID}` })],
  ['Comfy-User', (owner) => ({ 'comfy-user': owner })],
];

async function canRead(
  target: Target,
  { path, proof }: ProbeTarget,
  headers: OutgoingHttpHeaders,
): Promise<boolean> {
  const { status, body } = await sendRequest(target, { path, headers });
  return status === 200 && body.includes(proof);
}

/** Forges identity headers as another user, and without credentials. */
export async function forgeHeaders(gateway: Target, target: ProbeTarget, other: TestUser): Promise<Probe> {
  const through: string[] = [];
  for (const [how, headers] of FORGERIES) {
    const forged = headers(target.owner);
    const asOther = await canRead(gateway, target, { ...forged, authorization: other.authorization });
    if (asOther || (await canRead(gateway, target, forged))) through.push(how);
  }
  const outcome =
    through.length === 0
      ? `refused ${FORGERIES.map(([how]) => how).join(', ')}`
      : `LET THROUGH ${through.join(', ')}`;
  return { name: 'forged identity headers', refused: through.length === 0, outcome };
}

/** Sends the owner's identity header to ComfyUI's port directly. */
export async function probeUpstream(upstream: string, target: ProbeTarget): Promise<Probe> {
  const name = `direct connection to ComfyUI at ${hostPort(parseOrigin(upstream))}`;
  try {
    const read = await canRead({ url: upstream, insecure: true }, target, { [ID]: target.owner });
    return read
      ? { name, refused: false, outcome: 'LET THROUGH: the plugin has no key' }
      : { name, refused: true, outcome: 'refused (plugin requires a gateway token)' };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no response';
    return { name, refused: true, outcome: `not reachable from here (${code})` };
  }
}
