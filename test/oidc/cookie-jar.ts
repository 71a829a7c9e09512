/** The cookies of one browser for one site. */
export class CookieJar {
  readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();

  store(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(pair) ?? [];
      const path = attributes.find((one) => /^path=/i.test(one))?.slice('path='.length) ?? '/';
      if (attributes.includes('Max-Age=0') || value === '') this.cookies.delete(name);
      else this.cookies.set(name, { value, path });
    }
  }

  header(path: string): Record<string, string> {
    const own = [...this.cookies].filter(([, cookie]) => path.startsWith(cookie.path));
    return own.length === 0 ? {} : { cookie: own.map(([name, { value }]) => `${name}=${value}`).join('; ') };
  }
}
