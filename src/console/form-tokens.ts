import { createHmac, timingSafeEqual } from 'node:crypto';

/** Tokens in forms, each tied to a cookie of the same browser: no other page can make this browser send a form (CSRF). */
export interface FormTokens {
  tokenFor(cookie: string): string;
  isTokenFor(token: string, cookie: string): boolean;
}

export function createFormTokens(secret: Uint8Array): FormTokens {
  const tokenFor = (cookie: string): string =>
    createHmac('sha256', secret).update(`console form ${cookie}`).digest('base64url');
  return {
    tokenFor,
    isTokenFor(token, cookie) {
      const [given, expected] = [Buffer.from(token), Buffer.from(tokenFor(cookie))];
      return cookie !== '' && given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
