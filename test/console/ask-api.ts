import { PASSWORD } from './start-console.ts';

interface ApiRequest {
  readonly who?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer of the API. @param who name and password, `:` between them */
export async function askApi(
  port: number,
  place: string,
  { who = `olga:${PASSWORD}`, body, headers = {} }: ApiRequest = {},
) {
  const [method = '', path = ''] = place.split(' ');
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
    method,
    headers: {
      ...(who !== '' && { authorization: `Basic ${Buffer.from(who).toString('base64')}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
