/** Ends the session and goes to where the answer leads. @returns false if the session did not end */
export async function signOut(send, next) {
  const answer = await send('/_auth/sign-out', {
    method: 'POST',
    headers: { accept: 'application/json' },
  }).catch(() => undefined);
  if (answer === undefined || !answer.ok) return false;
  const target = new URL(next ?? answer.headers.get('location') ?? '/_auth/sign-in', location.href);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') return false;
  location.assign(target.href);
  return true;
}
