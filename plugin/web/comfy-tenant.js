// Shows the user and, while prompts wait, how many are ahead. It receives no other user's names or files.
import { app } from '../../scripts/app.js';
import { api } from '../../scripts/api.js';
import { keepToOneUser } from './one-browser-one-user.js';
import { waitText } from './wait-text.js';

const REFRESH_MS = 3000;

// At the bottom: the bars at the top do not fit on a phone, and messages cover them. Above the tools in the corner if the
// page is too narrow for both.
const STYLE =
  'position:fixed;left:50%;transform:translateX(-50%);bottom:12px;z-index:900;pointer-events:none;display:flex;gap:.5em;' +
  'max-width:calc(100vw - 140px);padding:3px 10px;border-radius:10px;font-size:12px;white-space:nowrap;overflow:hidden;' +
  'background:var(--comfy-menu-bg,#222);color:var(--input-text,#ddd);border:1px solid var(--border-color,#444)';
const NARROW = '@media(max-width:800px){#comfy-tenant-badge{bottom:72px !important}}';

function createBadge(me) {
  const badge = document.createElement('div');
  badge.id = 'comfy-tenant-badge';
  badge.style.cssText = STYLE;
  const user = document.createElement('strong');
  user.textContent = decodeURIComponent(me.userId) + (me.operator ? ' (operator)' : '');
  const wait = document.createElement('span');
  wait.setAttribute('role', 'status');
  badge.append(user, wait);
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

// The page waits for its extensions before it restores workflows.
const me = await read('/_tenant/me');
await keepToOneUser(me.userId);

app.registerExtension({
  name: 'comfy-tenant',
  async setup() {
    const { badge, wait } = createBadge(me);
    const style = document.createElement('style');
    style.textContent = NARROW;
    document.head.append(style);
    document.body.append(badge);
    let timer;
    const refresh = async () => {
      clearTimeout(timer);
      const queue = await read('/_tenant/queue').catch(() => undefined);
      wait.textContent = queue === undefined ? '' : waitText(queue);
      if (queue?.mine.length > 0) timer = setTimeout(refresh, REFRESH_MS);
    };
    api.addEventListener('status', refresh);
    api.addEventListener('comfy-tenant.denied', showDenial);
    await refresh();
  },
});
