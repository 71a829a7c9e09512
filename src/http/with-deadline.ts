/**
 * Runs `work` and rejects with a `TimeoutError` after `timeoutMs`, whether or not `work` reacts to its signal.
 *
 * `AbortSignal.timeout` is not enough for `fetch`: Node may collect that signal as garbage once the response headers have
 * arrived, and a body that stalls is then read forever.
 */
export async function withDeadline<T>(
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new DOMException(`no complete response within ${timeoutMs} ms`, 'TimeoutError');
      reject(error);
      controller.abort(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
