/** In the order in which they must be tried: most browsers also claim to be Chrome or Safari. */
const FAMILIES = [
  [/\bEdgA?\/|\bEdgiOS\//, 'Edge'],
  [/\bOPR\/|\bOpera/, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/Chrom(e|ium)\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
] as const;

/** The family of a browser, for people who look through their sessions; never more of the header. */
export function browserFamily(userAgent: string | undefined): string {
  return FAMILIES.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1] ?? 'other';
}
