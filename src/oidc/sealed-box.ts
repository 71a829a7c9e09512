import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';

/** Encrypts JSON for cookies, so that only this service and its replicas can read and make them. */
export interface SealedBox {
  seal(content: object): Promise<string>;
  /** @returns undefined if it was not sealed by one of the keys, for this purpose */
  open(sealed: string): Promise<unknown>;
}

const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;

function derive(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `comfy-tenant ${purpose}`, 32));
}

async function decrypt(sealed: string, key: Uint8Array): Promise<unknown> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [ENCRYPTION.alg],
      contentEncryptionAlgorithms: [ENCRYPTION.enc],
    });
    return JSON.parse(new TextDecoder().decode(plaintext));
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * @param keys secrets of 32 bytes or more; the first seals, all open
 * @param purpose boxes for different purposes do not open each other's content
 */
export function createSealedBox(keys: () => readonly Uint8Array[], purpose: string): SealedBox {
  return {
    async seal(content) {
      const [first] = keys();
      if (first === undefined) throw new Error('no session key');
      const text = new TextEncoder().encode(JSON.stringify(content));
      return new CompactEncrypt(text).setProtectedHeader(ENCRYPTION).encrypt(derive(first, purpose));
    },
    async open(sealed) {
      for (const key of keys()) {
        const content = await decrypt(sealed, derive(key, purpose));
        if (content !== undefined) return content;
      }
      return undefined;
    },
  };
}
