const duration = (seconds) =>
  seconds < 120 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;

/** The text of the badge for a response of `GET /_tenant/queue`: how many prompts are ahead, and for how long. */
export function waitText({ running, ahead, mine, etaSeconds, runningSeconds }) {
  if (mine.length === 0) return ahead === 0 ? '' : `busy: ${ahead} ahead of you`;
  if (running) return mine.length === 1 ? 'yours is running' : `yours is running, ${mine.length - 1} waiting`;
  if (etaSeconds !== null) return `${ahead} ahead of you, about ${duration(etaSeconds)}`;
  // Without an estimate, show how long the current prompt has been running.
  const current = runningSeconds === null ? '' : `, one has been running for ${duration(runningSeconds)}`;
  return `${ahead} ahead of you${current}`;
}
