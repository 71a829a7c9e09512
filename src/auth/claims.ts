/** The claims of a token (RFC 7519 §4). */
export type Claims = Readonly<Record<string, unknown>>;
