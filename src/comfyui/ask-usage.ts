import { z } from 'zod';
import { comfyuiGroups } from '../config/comfyui-groups.ts';
import type { Config } from '../config/schema.ts';
import { TOKEN_HEADER } from '../http/gateway-headers.ts';
import { limitedFetch } from '../http/limited-fetch.ts';
import { mintRightToken } from '../token/mint-token.ts';
import type { TokenKeys } from '../token/token-key.ts';

const userUse = z.object({
  user: z.string(),
  prompts: z.number(),
  failed: z.number(),
  gpuSeconds: z.number(),
  waitedSeconds: z.number(),
  /** Stored now. */
  bytes: z.number(),
});

const report = z.object({
  users: z.array(userUse),
  queue: z.object({
    waiting: z.number(),
    running: z.number(),
    oldestWaitSeconds: z.number(),
    /** Whose they are; an older plugin does not report it. */
    users: z.array(z.object({ user: z.string(), waiting: z.number(), running: z.number() })).default([]),
  }),
  /** Per user; null without a quota. */
  quotaBytes: z.number().nullable().default(null),
  /** Open ones, by user. */
  webSockets: z.record(z.string(), z.number()).default({}),
  /** Since this ComfyUI started. */
  totals: z.object({ prompts: z.number(), failed: z.number(), gpuSeconds: z.number() }),
  /** Bytes of the disk with the users' folders. */
  disk: z.object({ free: z.number(), total: z.number() }),
});

/** A user's prompts that ended in the asked time. */
export type UserUse = z.output<typeof userUse>;
/** The plugin's response to `GET /_tenant/usage`. */
export type UsageReport = z.output<typeof report>;

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Each ComfyUI of the multi-tenant endpoints, with the audience of its tokens. */
export function tenantComfyuis(config: Config): { url: string; audience: string }[] {
  return comfyuiGroups(config).flatMap(({ upstreams, audience }) =>
    upstreams.map((url) => ({ url, audience })),
  );
}

/**
 * Asks a ComfyUI what its users used.
 *
 * @param sinceMs milliseconds since 1970
 * @throws Error if it does not answer as expected
 */
export async function askUsage(
  { url, audience }: { url: string; audience: string },
  { keys, sinceMs, nowMs }: { keys: TokenKeys; sinceMs: number; nowMs: number },
): Promise<UsageReport> {
  const token = await mintRightToken(keys, { right: 'usage', audience }, nowMs);
  const address = new URL(`/_tenant/usage?since=${sinceMs / 1000}`, url);
  const headers = { [TOKEN_HEADER]: token };
  const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_BYTES };
  const { status, text } = await limitedFetch(address, { headers }, limits);
  if (status === 404) throw new Error('its plugin is too old: install the one of this version');
  if (status === 403)
    throw new Error('its plugin rejected our token: see `comfy-tenant check --live` about keys');
  const parsed = status === 200 ? report.safeParse(JSON.parse(text)) : undefined;
  if (parsed?.success !== true) throw new Error(`it answered ${status} with something else`);
  return parsed.data;
}
