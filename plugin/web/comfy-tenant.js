// Shows who one is and, while something waits, how many prompts come first. It gets no name and no file of anyone else.
import { app } from '../../scripts/app.js'
import { api } from '../../scripts/api.js'
import { keepToOneUser } from './one-browser-one-user.js'

const WHILE_WAITING_MS = 3000

function span(seconds) {
  return seconds < 120 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`
}

function sentence({ running, ahead, mine, etaSeconds, runningSeconds }) {
  if (mine.length === 0) return ahead === 0 ? '' : `busy: ${ahead} before you`
  if (running) return mine.length === 1 ? 'yours is running' : `yours is running, ${mine.length - 1} waiting`
  // Without an estimate, what is known: for how long the prompt that runs has kept everyone waiting.
  const known = runningSeconds === null ? '' : `, one has run for ${span(runningSeconds)}`
  return `${ahead} before you${etaSeconds === null ? known : `, about ${span(etaSeconds)}`}`
}

// At the lower edge: the bars at the top do not fit on a phone, and messages slide over them. Above the tools at the corner
// where the page is too narrow for both.
const STYLE =
  'position:fixed;left:50%;transform:translateX(-50%);bottom:12px;z-index:900;pointer-events:none;display:flex;gap:.5em;' +
  'max-width:calc(100vw - 140px);padding:3px 10px;border-radius:10px;font-size:12px;white-space:nowrap;overflow:hidden;' +
  'background:var(--comfy-menu-bg,#222);color:var(--input-text,#ddd);border:1px solid var(--border-color,#444)'
const NARROW = '@media(max-width:800px){#comfy-tenant-badge{bottom:72px !important}}'

function makeBadge(me) {
  const badge = document.createElement('div')
  badge.id = 'comfy-tenant-badge'
  badge.style.cssText = STYLE
  const who = document.createElement('strong')
  who.textContent = decodeURIComponent(me.userId) + (me.operator ? ' (operator)' : '')
  const wait = document.createElement('span')
  wait.setAttribute('role', 'status')
  badge.append(who, wait)
  return { badge, wait }
}

async function read(path) {
  const answer = await api.fetchApi(path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.json()
}

// The page waits for its extensions before it restores anything.
const me = await read('/_tenant/me')
await keepToOneUser(me.userId)

app.registerExtension({
  name: 'comfy-tenant',
  async setup() {
    const { badge, wait } = makeBadge(me)
    const style = document.createElement('style')
    style.textContent = NARROW
    document.head.append(style)
    document.body.append(badge)
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
    await refresh()
  }
})
