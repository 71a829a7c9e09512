/** The header that gives ComfyUI the user id, as documentation and configurations spell it. */
export const USER_ID_HEADER = 'X-FunArt-Comfy-UserId';

/** The same in lower case, as HTTP/2, Envoy and `RequestHead` have header names. */
export const USER_ID_HEADER_LOWER = 'x-funart-comfy-userid';

/** Whether a header name, in any case, is that of the user id header. */
export function isUserIdHeader(name: string): boolean {
  return name.toLowerCase() === USER_ID_HEADER_LOWER;
}
