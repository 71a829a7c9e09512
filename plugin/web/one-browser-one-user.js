// ComfyUI's page keeps workflows, clipboard and sign-ins in the browser, and knows nothing of users. When another user
// signs in with the same browser, what the one before left there is removed before the page restores it.
const MARK = 'comfy-tenant.user'
const write = Storage.prototype.setItem

function isOthers(storage, userId) {
  const marked = storage.getItem(MARK)
  return marked !== null && marked !== userId
}

async function forget() {
  localStorage.clear()
  sessionStorage.clear()
  const databases = (await indexedDB.databases?.()) ?? []
  for (const { name } of databases) indexedDB.deleteDatabase(name)
  const kept = (await globalThis.caches?.keys()) ?? []
  await Promise.all(kept.map((name) => caches.delete(name)))
}

function mark(userId) {
  for (const storage of [localStorage, sessionStorage]) write.call(storage, MARK, userId)
}

/** Goes on only in a browser that holds nothing of another user's. */
export async function keepToOneUser(userId) {
  if (isOthers(localStorage, userId) || isOthers(sessionStorage, userId)) {
    await forget()
    mark(userId)
    location.reload()
    await new Promise(() => {})
  }
  mark(userId)
  // From the moment at which another user signs in elsewhere in this browser, this page writes nothing and starts anew.
  Storage.prototype.setItem = function (key, value) {
    if (!isOthers(localStorage, userId)) write.call(this, key, value)
  }
  addEventListener('storage', ({ key }) => {
    if (key !== MARK || !isOthers(localStorage, userId)) return
    sessionStorage.clear()
    location.reload()
  })
}
