// The name in the corner opens a panel: who is signed in, the storage in use, sign out.
const BUTTON =
  'pointer-events:auto;cursor:pointer;padding:0;border:0;background:none;color:inherit;font:inherit;min-height:24px';
const PANEL =
  'display:none;flex-direction:column;align-items:stretch;gap:8px;width:max-content;max-width:min(300px,calc(100vw - 140px));' +
  'padding:12px;border-radius:10px;font-size:14px;white-space:normal;overflow-wrap:anywhere;pointer-events:auto;' +
  'background:var(--comfy-menu-bg,#222);color:var(--input-text,#ddd);border:1px solid var(--border-color,#444)';
const ITEM =
  'display:block;padding:8px 10px;border:1px solid var(--border-color,#666);border-radius:6px;background:none;color:inherit;' +
  'font:inherit;text-align:left;text-decoration:none;cursor:pointer';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as people read them, such as `1.5 GB`. */
export function readableBytes(bytes) {
  let at = 0;
  let value = bytes;
  while (value >= 1000 && at < UNITS.length - 1) {
    value /= 1000;
    at += 1;
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`;
}

function element(tag, { text, style = '', ...attributes }) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  made.style.cssText = style;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function storage({ usedBytes, quotaBytes }, texts) {
  const quota = typeof quotaBytes === 'number' ? quotaBytes : null;
  const words = texts.storage(readableBytes(usedBytes), quota === null ? null : readableBytes(quota));
  const parts = [element('div', { text: words })];
  if (quota !== null) {
    const meter = element('meter', {
      style: 'width:100%',
      min: '0',
      max: String(quota),
      'aria-label': words,
    });
    meter.setAttribute('value', String(Math.min(usedBytes, quota)));
    parts.push(meter);
  }
  return parts;
}

function button(text, onClick) {
  const made = element('button', { text, style: ITEM, type: 'button' });
  made.addEventListener('click', onClick);
  return made;
}

/** What the panel shows. @param session the answer of `GET /_auth/me`; undefined without one */
function content({ name, me, session, texts, signOut }) {
  const failed = element('div', { role: 'alert' });
  const leave = (next) => async () => {
    failed.textContent = (await signOut(next)) ? '' : texts.failed;
  };
  const who = [element('strong', { text: name }), ...storage(me, texts)];
  if (session?.session) {
    return [
      ...who,
      element('a', { text: texts.manage, style: ITEM, href: '/_auth/account' }),
      button(texts.switchAccount, leave('/_auth/sign-in')),
      button(texts.signOut, leave()),
      failed,
    ];
  }
  return [...who, element('div', { text: session?.method === 'JWT' ? texts.byToken : texts.byBrowser })];
}

/**
 * @param name the user, as shown
 * @param load reads `{ me, session }` each time the panel opens
 * @param signOut ends the session and leaves the page; false if that failed
 * @returns the button and the panel
 */
export function createMenu({ name, texts, load, signOut }) {
  const toggle = element('button', {
    style: BUTTON,
    type: 'button',
    'aria-expanded': 'false',
    'aria-controls': 'comfy-tenant-menu',
    'aria-label': `${texts.account}: ${name}`,
  });
  toggle.append(element('strong', { text: name }), element('span', { text: ' ▴', 'aria-hidden': 'true' }));
  const panel = element('div', {
    style: PANEL,
    id: 'comfy-tenant-menu',
    role: 'group',
    'aria-label': texts.account,
  });

  function close() {
    panel.style.display = 'none';
    toggle.setAttribute('aria-expanded', 'false');
  }

  async function open() {
    const loaded = await load();
    panel.replaceChildren(...content({ ...loaded, name, texts, signOut }));
    panel.style.display = 'flex';
    toggle.setAttribute('aria-expanded', 'true');
  }

  toggle.addEventListener('click', () =>
    toggle.getAttribute('aria-expanded') === 'true' ? close() : open(),
  );
  document.addEventListener('pointerdown', ({ target }) => {
    if (!panel.contains(target) && !toggle.contains(target)) close();
  });
  for (const part of [toggle, panel]) {
    part.addEventListener('keydown', (event) => {
      // ComfyUI's shortcuts are not meant for the panel.
      event.stopPropagation();
      if (event.key !== 'Escape') return;
      close();
      toggle.focus();
    });
  }
  return { toggle, panel };
}
