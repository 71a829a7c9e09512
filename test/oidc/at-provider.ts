import { CookieJar } from './cookie-jar.ts';

/** A person's browser at the real provider: signs in there if it is asked to, and comes back to `redirectUri`. */
export function browserAtProvider() {
  const jar = new CookieJar();
  const request = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: jar.header(new URL(url).pathname),
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    jar.store(response);
    return response;
  };
  /** Follows redirects to the first page, or to the first address that is not the provider's. */
  async function follow(url: string, form?: Record<string, string>): Promise<{ url: string; page: string }> {
    const { origin } = new URL(url);
    let response = await request(url, form);
    let at = url;
    while (response.status >= 300 && response.status < 400) {
      at = new URL(response.headers.get('location') ?? '', at).href;
      if (!at.startsWith(`${origin}/`)) return { url: at, page: '' };
      response = await request(at);
    }
    return { url: at, page: await response.text() };
  }
  return {
    jar,
    follow,
    /** @returns the address that the provider sends the browser back to */
    async signIn(url: string, login = 'alice'): Promise<string> {
      const found = await follow(url);
      if (found.page === '') return found.url;
      if (!found.page.includes('name="login"'))
        throw new Error(`no sign-in form at ${found.url}: ${found.page}`);
      return (await follow(found.url, { prompt: 'login', login, password: 'any' })).url;
    },
  };
}
