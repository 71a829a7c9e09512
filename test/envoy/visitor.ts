import { request } from 'node:http';
import { request as requestByTls } from 'node:https';

export interface Answered {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly location: string | undefined;
  readonly setCookies: readonly string[];
}

export interface VisitOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form to submit, as a page of the same origin does. */
  readonly form?: Readonly<Record<string, string>>;
}

/** What a browser sends when a person opens a page. */
export const PAGE = {
  accept: 'text/html,application/xhtml+xml',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

/** A browser without a window: keeps cookies, follows nothing. @param ca uses https, and trusts this certificate */
export function aVisitor(port: number, host: string, ca?: Buffer) {
  const scheme = ca === undefined ? 'http' : 'https';
  const send = ca === undefined ? request : requestByTls;
  const cookies = new Map<string, string>();

  function keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/max-age=0/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }

  function visit(path: string, { method, headers = {}, form }: VisitOptions = {}): Promise<Answered> {
    const body = form === undefined ? '' : new URLSearchParams(form).toString();
    const own = {
      host,
      ...(cookies.size > 0
        ? { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
        : {}),
      ...(form === undefined
        ? {}
        : {
            ...PAGE,
            origin: `${scheme}://${host}`,
            'sec-fetch-site': 'same-origin',
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': String(body.length),
          }),
      ...headers,
    };
    return new Promise((resolve, reject) => {
      const sent = send(
        {
          ...(ca === undefined ? {} : { ca, servername: host }),
          host: '127.0.0.1',
          port,
          path,
          method: method ?? (form === undefined ? 'GET' : 'POST'),
          headers: own,
          agent: false,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            const setCookies = response.headers['set-cookie'] ?? [];
            setCookies.forEach(keep);
            const { location } = response.headers;
            resolve({
              status: response.statusCode ?? 0,
              body: text,
              headers: response.headers,
              location,
              setCookies,
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  return {
    cookies,
    visit,
    open: (path: string): Promise<Answered> => visit(path, { headers: PAGE }),
    /** Fills in the form of the sign-in page. */
    async signIn(username: string, password: string, next = '/'): Promise<Answered> {
      const page = await visit(`/_auth/sign-in?next=${encodeURIComponent(next)}`, { headers: PAGE });
      const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      return visit('/_auth/sign-in', { form: { token, username, password, next } });
    },
    signOut: (form: Record<string, string> = {}): Promise<Answered> => visit('/_auth/sign-out', { form }),
  };
}
