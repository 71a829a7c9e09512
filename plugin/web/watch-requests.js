// Sees the page's requests fail, and gives the gateway's errors the format that ComfyUI's dialogs show.

/** The gateway's `{ error: { code, message, requestId } }` with the fields that ComfyUI reads; others unchanged. */
export function comfyuiError(body, status, texts) {
  const { code, message, requestId, details } = body?.error ?? {};
  if (typeof code !== 'string' || details !== undefined) return body;
  const known = { 401: [texts.signedOut, texts.retry], 503: [texts.restarting, texts.wait] }[status];
  const [title, remedy] = known ?? [String(message), ''];
  const error = {
    type: code,
    message: title.replace(/[.。]$/, ''),
    details: `${remedy} ${texts.requestId(String(requestId))}`.trim(),
    extra_info: {},
  };
  return { error: { ...body.error, ...error }, node_errors: {} };
}

function isOwn(url) {
  const { origin, pathname } = new URL(url, location.href);
  return origin === location.origin && !pathname.startsWith('/_auth/');
}

async function shaped(response, texts) {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return response;
  try {
    const body = await response.clone().json();
    const changed = comfyuiError(body, response.status, texts);
    if (changed === body) return response;
    const { status, statusText, headers } = response;
    return new Response(JSON.stringify(changed), { status, statusText, headers });
  } catch {
    return response;
  }
}

/** Calls `onFailure` for each request to this site that gets 401 or 503. */
export function watchRequests(texts, onFailure) {
  const send = globalThis.fetch.bind(globalThis);
  globalThis.fetch = async (resource, options) => {
    const response = await send(resource, options);
    if (response.status < 400 || !isOwn(resource?.url ?? String(resource))) return response;
    if (response.status === 401 || response.status === 503) onFailure();
    return shaped(response, texts);
  };
  return send;
}
