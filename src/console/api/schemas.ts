import { z } from 'zod';

const count = z.int().min(0);
const amount = z.number().min(0);
const time = z.iso.datetime();

const part = z.object({
  kind: z.enum(['configuration', 'envoy', 'keys', 'comfyui', 'files']),
  name: z.string(),
  works: z.boolean(),
  since: time,
  problems: z.array(z.string()),
});

const lockout = z.object({
  id: z.string(),
  kind: z.enum(['user', 'address', 'strangers']),
  endpoint: z.string(),
  username: z.string().meta({ description: 'Empty unless it is the name of a user.' }),
  network: z.string(),
  seconds: count,
});

const comfyui = z.object({
  url: z.string(),
  queue: z.object({
    waiting: count,
    running: count,
    oldestWaitSeconds: amount,
    users: z.array(z.object({ user: z.string(), waiting: count, running: count })),
  }),
  disk: z.object({ free: amount, total: amount }),
  totals: z.object({ prompts: count, failed: count, gpuSeconds: amount }),
  webSockets: z.record(z.string(), count),
});

const key = z.object({ kid: z.string(), algorithm: z.string(), strength: z.string() });

export const status = z.object({
  revision: z.string(),
  envoy: z.string(),
  ready: z.boolean(),
  parts: z.array(part),
  checks: z.array(
    z.object({ endpoint: z.string(), decision: z.string(), reason: z.string(), count: amount }),
  ),
  minutes: z.array(z.object({ at: time, allowed: amount, refused: amount })),
  keys: z.array(
    z.object({
      issuer: z.string(),
      available: z.boolean(),
      ageSeconds: amount.optional(),
      keys: z.array(key),
    }),
  ),
  comfyuis: z.array(comfyui),
  lockouts: z.array(lockout),
});

export const usage = z.object({
  users: z.array(
    z.object({
      user: z.string(),
      prompts: count,
      failed: count,
      gpuSeconds: amount,
      waitedSeconds: amount,
      bytes: amount,
    }),
  ),
  problems: z.array(z.string()),
  quotaBytes: amount.optional(),
});

export const sessions = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      endpoint: z.string(),
      user: z.string(),
      userId: z.string(),
      method: z.enum(['BASIC', 'JWT']),
      address: z.string(),
      browser: z.string(),
      signedIn: time,
      ends: time,
    }),
  ),
});

export const events = z.object({ events: z.array(z.record(z.string(), z.unknown())) });

export const history = z.object({
  replaced: z.array(z.object({ number: count, replacedAt: time, author: z.string(), reason: z.string() })),
});

export const configuration = z.object({
  revision: z.string().meta({ description: 'What the service serves.' }),
  version: z.string().meta({ description: 'Identifies the text.' }),
  writable: z.boolean(),
  text: z.string().meta({ description: 'YAML. Secrets are replaced by marks, which may be sent back.' }),
});

export const checked = z.object({
  valid: z.boolean(),
  errors: z.array(z.string()),
  difference: z.string().meta({ description: 'To the current configuration, without secrets.' }),
});

export const deployed = z.object({
  revision: z.string(),
  live: z.boolean().meta({ description: 'Whether the service, and Envoy if it watches files, use it.' }),
});

export const tried = z.object({
  decision: z.enum(['allow', 'deny', 'unavailable']),
  reason: z.string().optional(),
  userId: z.string().optional(),
  steps: z.array(z.object({ step: z.string(), state: z.enum(['passed', 'failed', 'unknown']) })),
});

export const explained = z.object({
  allowed: z.boolean(),
  userId: z.string().optional(),
  operator: z.boolean(),
  because: z.string(),
});

export const verification = z.object({
  running: z.boolean(),
  report: z.record(z.string(), z.unknown()).optional(),
  problem: z.string().optional(),
});

export const done = z.object({ done: z.boolean() });

/** Why a request was refused (RFC 9457). */
export const problem = z.object({
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.string()).optional(),
});

/** Text of a path, a query or a body. */
export const name = z.string().min(1).max(256);
export const reason = z.string().trim().min(1).max(200);
