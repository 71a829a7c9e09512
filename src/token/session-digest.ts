import { hash } from 'node:crypto';

const LENGTH = 22;

/** Names a session to ComfyUI without its id, which is random, so that no digest reveals it. */
export function sessionDigest(sessionId: string): string {
  return hash('sha256', `comfy-tenant session ${sessionId}`, 'base64url').slice(0, LENGTH);
}
