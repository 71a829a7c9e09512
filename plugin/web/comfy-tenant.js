// Shows the user and, while prompts wait, how many are ahead. It receives no other user's names or files.
import { app } from '../../scripts/app.js';
import { api } from '../../scripts/api.js';
import { createMenu } from './account-menu.js';
import { createBar } from './connection-bar.js';
import { keepToOneUser } from './one-browser-one-user.js';
import { showLimitedPacks } from './pack-notice.js';
import { textsFor } from './page-texts.js';
import { signOut } from './sign-out.js';
import { waitText } from './wait-text.js';
import { watchRequests } from './watch-requests.js';

const REFRESH_MS = 3000;

// At the bottom: the bars at the top do not fit on a phone, and messages cover them. Above the tools in the corner if the
// page is too narrow for both.
const PLACE =
  'position:fixed;left:50%;transform:translateX(-50%);bottom:12px;z-index:900;pointer-events:none;display:flex;' +
  'flex-direction:column;align-items:center;gap:8px;max-width:calc(100vw - 140px)';
const BADGE =
  'display:flex;align-items:center;gap:.5em;max-width:calc(100vw - 140px);padding:3px 10px;border-radius:10px;font-size:12px;' +
  'white-space:nowrap;overflow:hidden;' +
  'background:var(--comfy-menu-bg,#222);color:var(--input-text,#ddd);border:1px solid var(--border-color,#444)';
const NARROW = '@media(max-width:800px){#comfy-tenant-place{bottom:72px !important}}';

const texts = textsFor(navigator.language);

function createBadge(toggle) {
  const badge = document.createElement('div');
  badge.id = 'comfy-tenant-badge';
  badge.style.cssText = BADGE;
  const wait = document.createElement('span');
  wait.setAttribute('role', 'status');
  badge.append(toggle, wait);
  return { badge, wait };
}

async function read(path) {
  const response = await api.fetchApi(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

// Also shown if the node swallows the error.
function showDenial({ detail: { path, setting } }) {
  const remedy = setting ? `The operator can allow it with the setting ${setting}.` : 'It is private.';
  app.extensionManager?.toast?.add({
    severity: 'warn',
    summary: 'A node was denied access',
    detail: `${path}: ${remedy}`,
    life: 15000,
  });
}

let onFailure = () => {};
const send = watchRequests(texts, () => onFailure());

// The page waits for its extensions before it restores workflows.
const me = await read('/_tenant/me');
await keepToOneUser(me.userId);

/** The status of a small request; undefined without a response. */
async function probe() {
  const response = await send('/_tenant/me', { cache: 'no-store' }).catch(() => undefined);
  // Another user signed in, in another tab: this page would mix the work of both.
  if (response?.ok && (await response.json()).userId !== me.userId) location.reload();
  return response?.status;
}

/** How this user is signed in; undefined if the gateway offers no sign-in page. */
async function session() {
  const response = await send('/_auth/me', { cache: 'no-store', headers: { accept: 'application/json' } });
  return response.ok ? response.json() : undefined;
}

async function loadMenu() {
  return {
    me: await read('/_tenant/me').catch(() => me),
    session: await session().catch(() => undefined),
  };
}

app.registerExtension({
  name: 'comfy-tenant',
  async setup() {
    const name = decodeURIComponent(me.userId) + (me.operator ? ` (${texts.operator})` : '');
    const leave = (next) => signOut(send, next);
    const { toggle, panel } = createMenu({ name, texts, load: loadMenu, signOut: leave });
    const { badge, wait } = createBadge(toggle);
    const { bar, check } = createBar(texts, probe);
    onFailure = check;
    const style = document.createElement('style');
    style.textContent = NARROW;
    document.head.append(style);
    const place = document.createElement('div');
    place.id = 'comfy-tenant-place';
    place.style.cssText = PLACE;
    place.append(bar, panel, badge);
    document.body.append(place);
    let timer;
    const refresh = async () => {
      clearTimeout(timer);
      const queue = await read('/_tenant/queue').catch(() => undefined);
      wait.textContent = queue === undefined ? '' : waitText(queue);
      if (queue?.mine.length > 0) timer = setTimeout(refresh, REFRESH_MS);
    };
    api.addEventListener('status', refresh);
    // A refused WebSocket shows no status: ask.
    api.addEventListener('reconnecting', check);
    api.addEventListener('reconnected', check);
    api.addEventListener('comfy-tenant.denied', showDenial);
    await refresh();
    const show = (message) => app.extensionManager?.toast?.add({ severity: 'info', ...message });
    await showLimitedPacks({ fetchApi: (...args) => api.fetchApi(...args), show, texts }).catch(
      () => undefined,
    );
  },
});
