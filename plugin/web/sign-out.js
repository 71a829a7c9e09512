/** Ends the session and goes to where the answer leads, as `{ url }` or Location. @returns false if the session did not end */
export async function signOut(send, next) {
  const headers = { accept: 'application/json' };
  const answer = await send('/_auth/sign-out', { method: 'POST', headers }).catch(() => undefined);
  if (answer === undefined || !answer.ok) return false;
  const { url } = await answer.json().catch(() => ({}));
  const target = new URL(next ?? url ?? answer.headers.get('location') ?? '/_auth/sign-in', location.href);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return false;
  location.assign(target.href);
  return true;
}
