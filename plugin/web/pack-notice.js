// Says once which node packs are limited, and again when the list changes. What a user has seen is among the user's settings.
const SETTING = '/settings/ComfyTenant.LimitedPacksShown';
const READABLE_MS = 30_000;

function key(packs) {
  return packs
    .map(({ pack, state }) => `${pack} ${state}`)
    .sort()
    .join('\n');
}

/**
 * @param fetchApi of ComfyUI
 * @param show shows `{ summary, detail, life }`; the user can close it
 */
export async function showLimitedPacks({ fetchApi, show, texts }) {
  const [packs, shown] = await Promise.all(
    ['/_tenant/packs', SETTING].map(async (path) => {
      const response = await fetchApi(path);
      return response.ok ? response.json() : undefined;
    }),
  );
  if (!Array.isArray(packs) || packs.length === 0 || key(packs) === shown) return;
  const detail = packs.map(({ pack, limits }) => (limits ? `${pack}: ${limits}` : pack)).join('\n');
  show({ summary: texts.limitedPacks, detail: `${detail}\n${texts.askOperator}`, life: READABLE_MS });
  await fetchApi(SETTING, { method: 'POST', body: JSON.stringify(key(packs)) });
}
