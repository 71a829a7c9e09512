// ComfyUI's page stores workflows, clipboard and sign-ins in the browser, without users. When another user signs in with the
// same browser, the previous user's data is removed before the page restores it.
const MARK = 'comfy-tenant.user';
const write = Storage.prototype.setItem;

function isOthers(storage, userId) {
  const marked = storage.getItem(MARK);
  return marked !== null && marked !== userId;
}

async function removeAll() {
  localStorage.clear();
  sessionStorage.clear();
  const databases = (await indexedDB.databases?.()) ?? [];
  for (const { name } of databases) indexedDB.deleteDatabase(name);
  const cached = (await globalThis.caches?.keys()) ?? [];
  await Promise.all(cached.map((name) => caches.delete(name)));
}

function mark(userId) {
  for (const storage of [localStorage, sessionStorage]) write.call(storage, MARK, userId);
}

/** Returns only in a browser that stores no data of another user; otherwise removes it and reloads the page. */
export async function keepToOneUser(userId) {
  if (isOthers(localStorage, userId) || isOthers(sessionStorage, userId)) {
    await removeAll();
    mark(userId);
    location.reload();
    await new Promise(() => {});
  }
  mark(userId);
  // Once another user signs in in another tab of this browser, this page stores nothing more and reloads.
  Storage.prototype.setItem = function (key, value) {
    if (!isOthers(localStorage, userId)) write.call(this, key, value);
  };
  addEventListener('storage', ({ key }) => {
    if (key !== MARK || !isOthers(localStorage, userId)) return;
    sessionStorage.clear();
    location.reload();
  });
}
