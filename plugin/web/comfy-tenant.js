// Shows who one is and, while something waits, how many prompts come first. It gets no name and no file of anyone else.
import { app } from '../../scripts/app.js'
import { api } from '../../scripts/api.js'
import { keepToOneUser } from './one-browser-one-user.js'

const WHILE_WAITING_MS = 3000

function sentence({ running, ahead, mine, etaSeconds }) {
  if (mine.length === 0) return ahead === 0 ? '' : `busy: ${ahead} before you`
  if (running) return mine.length === 1 ? 'yours is running' : `yours is running, ${mine.length - 1} waiting`
  const about = etaSeconds === null ? '' : `, about ${Math.max(1, Math.round(etaSeconds))} s`
  return ahead === 1 ? `1 before you${about}` : `${ahead} before you${about}`
}

function makeBadge(me) {
  const badge = document.createElement('div')
  badge.id = 'comfy-tenant-badge'
  badge.style.cssText =
    'display:flex;align-items:center;gap:.5em;padding:0 .75em;font-size:12px;white-space:nowrap;color:var(--input-text,#ddd)'
  const who = document.createElement('strong')
  who.textContent = decodeURIComponent(me.userId) + (me.operator ? ' (operator)' : '')
  const wait = document.createElement('span')
  wait.setAttribute('role', 'status')
  badge.append(who, wait)
  return { badge, wait }
}

const PAGE_READY_MS = 10000

// Newer pages draw a bar with the Run button, some time after the extensions were set up.
async function barOf(page) {
  for (const until = Date.now() + PAGE_READY_MS; Date.now() < until; ) {
    const bar = page.querySelector('.actionbar-container')
    if (bar) return bar
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

// On pages without that bar or the older menu it stands above the tools at the corner.
function place(badge, bar) {
  if (bar?.isConnected) return bar.prepend(badge)
  const group = app.menu?.settingsGroup?.element
  if (group?.isConnected) return group.before(badge)
  badge.style.cssText += ';position:fixed;right:12px;bottom:64px;z-index:900;pointer-events:none'
  document.body.append(badge)
}

async function read(path) {
  const answer = await api.fetchApi(path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

// Also when the node keeps the error to itself.
function tellDenial({ detail: { path, setting } }) {
  const remedy = setting ? `The operator can allow it with the setting ${setting}.` : 'It is private.'
  app.extensionManager?.toast?.add({
    severity: 'warn',
    summary: 'A node was denied access',
    detail: `${path}: ${remedy}`,
    life: 15000
  })
}

// The page waits for its extensions before it restores anything.
const me = await read('/_tenant/me')
await keepToOneUser(me.userId)

app.registerExtension({
  name: 'comfy-tenant',
  async setup() {
    const { badge, wait } = makeBadge(me)
    void barOf(document).then((bar) => place(badge, bar))
    let timer
    const refresh = async () => {
      clearTimeout(timer)
      const found = await read('/_tenant/queue').catch(() => undefined)
      if (found === undefined) {
        wait.textContent = ''
        return
      }
      wait.textContent = sentence(found)
      if (found.mine.length > 0) timer = setTimeout(refresh, WHILE_WAITING_MS)
    }
    api.addEventListener('status', refresh)
    api.addEventListener('comfy-tenant.denied', tellDenial)
    await refresh()
  }
})
