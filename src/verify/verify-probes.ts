import type { OutgoingHttpHeaders } from 'node:http';
import { sendRequest, type Target } from './http-request.ts';
import { hostPort, parseOrigin } from '../http/host-port.ts';
import { USER_ID_HEADER } from '../http/user-id-header.ts';
import type { TestUser } from './test-client.ts';

/** Something that an intruder tried. */
export interface Probe {
  readonly name: string;
  /** Whether it got nothing. */
  readonly refused: boolean;
  readonly outcome: string;
}

/** What the intruder is after: something that only its owner may get. */
export interface ProbeTarget {
  readonly path: string;
  /** The user id of its owner. */
  readonly owner: string;
  /** It is in the body that the owner gets. */
  readonly proof: string;
}

const ID = USER_ID_HEADER;

type Forgery = readonly [how: string, headers: (owner: string) => OutgoingHttpHeaders];

const FORGERIES: readonly Forgery[] = [
  ['1x', (owner) => ({ [ID]: owner })],
  ['2x', (owner) => ({ [ID]: [owner, owner] })],
  ['lower case', (owner) => ({ [ID.toLowerCase()]: owner })],
  ['underscores', (owner) => ({ [ID.replaceAll('-', '_')]: owner })],
  ['Connection', (owner) => ({ [ID]: owner, connection: `close, ${ID}` })],
  ['Comfy-User', (owner) => ({ 'comfy-user': owner })],
];

async function gets(
  target: Target,
  { path, proof }: ProbeTarget,
  headers: OutgoingHttpHeaders,
): Promise<boolean> {
  const { status, body } = await sendRequest(target, { path, headers });
  return status === 200 && body.includes(proof);
}

/** Another person, and nobody, say by forged headers that they are the owner. */
export async function forgeHeaders(gateway: Target, prize: ProbeTarget, other: TestUser): Promise<Probe> {
  const through: string[] = [];
  for (const [how, headers] of FORGERIES) {
    const forged = headers(prize.owner);
    const asOther = await gets(gateway, prize, { ...forged, authorization: other.authorization });
    if (asOther || (await gets(gateway, prize, forged))) through.push(how);
  }
  const outcome =
    through.length === 0
      ? `refused ${FORGERIES.map(([how]) => how).join(', ')}`
      : `LET THROUGH ${through.join(', ')}`;
  return { name: 'header forged by a client', refused: through.length === 0, outcome };
}

/** The owner's header straight to ComfyUI's port, past the gateway. */
export async function probeAll(upstream: string, prize: ProbeTarget): Promise<Probe> {
  const name = `straight to ComfyUI at ${hostPort(parseOrigin(upstream))}`;
  try {
    const got = await gets({ url: upstream, insecure: true }, prize, { [ID]: prize.owner });
    return got
      ? { name, refused: false, outcome: 'LET THROUGH: the plugin there has no key' }
      : { name, refused: true, outcome: "refused (plugin asks for the gateway's token)" };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
    return { name, refused: true, outcome: `not reachable from here (${code})` };
  }
}
