// A bar that says why nothing works: signed out, or ComfyUI is restarting. The workflow stays in the page.
const FIRST_MS = 2000;
const MAX_MS = 15000;

const STYLE =
  'display:none;gap:.75em;align-items:center;flex-wrap:wrap;justify-content:center;padding:8px 14px;border-radius:10px;' +
  'font-size:14px;background:#7a1f17;color:#fff;border:1px solid #fff;pointer-events:auto';

/**
 * @param probe asks the server again; resolves with the status, or undefined if there is no answer
 * @returns the element, and `check`, to be called when a request failed
 */
export function createBar(texts, probe) {
  const bar = document.createElement('div');
  bar.id = 'comfy-tenant-bar';
  bar.style.cssText = STYLE;
  bar.setAttribute('role', 'alert');
  let timer;
  let delay = FIRST_MS;
  let checking = false;

  function show(...content) {
    bar.replaceChildren(...content);
    bar.style.display = content.length === 0 ? 'none' : 'flex';
  }

  function text(words) {
    const span = document.createElement('span');
    span.textContent = words;
    return span;
  }

  // In a new tab, so that this page and its unsaved workflow stay. The gateway leads to the right way to sign in.
  function signIn() {
    const link = document.createElement('a');
    link.href = '/';
    link.target = '_blank';
    link.rel = 'noopener';
    link.textContent = texts.signInAgain;
    link.style.cssText = 'color:#fff;font-weight:bold;text-decoration:underline';
    return link;
  }

  let shown;
  function update(status) {
    const state = status === 401 || status === 503 ? status : status === undefined ? shown : undefined;
    if (state === shown) return state;
    shown = state;
    if (state === 401) show(text(texts.signedOut), signIn());
    else if (state === 503) show(text(texts.restarting), text(texts.wait));
    else show();
    return state;
  }

  async function check() {
    if (checking) return;
    checking = true;
    clearTimeout(timer);
    const state = update(await probe());
    checking = false;
    delay = state === undefined ? FIRST_MS : Math.min(delay * 1.5, MAX_MS);
    if (state !== undefined) timer = setTimeout(check, delay);
  }

  return { bar, check };
}
