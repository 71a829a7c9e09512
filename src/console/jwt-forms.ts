import { endpointForm, FormFault } from './change-draft.ts';
import type { ConsoleParts } from './console-context.ts';
import { separated } from './create-endpoint.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import { draftJwt } from './draft-jwt.ts';
import type { Edit } from './edit-document.ts';
import { GUIDE_TEXTS, type GuideTexts } from './guide-texts.ts';
import { pastedKeys } from './jwt-keys.ts';
import type { Form, Pages } from './pages.ts';

const LISTS = {
  claims: { key: 'claimTransformations', value: 'claim' },
  lookups: { key: 'tokenLookup', value: 'prefix' },
} as const;

function jwksOf({ source, keys = '' }: Form, texts: GuideTexts): object {
  const at = keys.trim();
  if (source === 'discover') return { discover: true };
  if (source === 'url') return { url: at };
  if (source === 'file') return { file: at };
  const pasted = pastedKeys(keys);
  if (pasted === undefined) throw new FormFault(texts.badJwks);
  return { keys: pasted };
}

/** Sets the first issuer, and keeps what the form does not show. */
function issuerEdits(
  { at }: DraftEndpoint,
  form: Form,
  { texts, isFirst }: { texts: GuideTexts; isFirst: boolean },
): Edit[] {
  const audience = separated(form['audience']);
  // Pasted keys are not shown again, so an empty field keeps them.
  const areKept = !isFirst && form['source'] === 'keys' && form['keys']?.trim() === '';
  const values = {
    issuer: (form['issuer'] ?? '').trim(),
    audience: audience.length === 1 ? audience[0] : audience,
    ...(!areKept && { jwks: jwksOf(form, texts) }),
  };
  const path = ['endpoints', at, 'auth', 'issuers'];
  if (isFirst) return [{ kind: 'append', path, value: values }];
  return Object.entries(values).map(([key, value]) => ({ kind: 'set', path: [...path, 0, key], value }));
}

/** Changes keys, claim transformations and token lookups of JWT endpoints of the draft. */
export function jwtForms(pages: Pages, parts: ConsoleParts): void {
  endpointForm(pages, parts, {
    path: '/endpoints/issuer',
    edits({ endpoint, form, visit, text }) {
      const isFirst = draftJwt(text, endpoint.at).issuers.length === 0;
      return issuerEdits(endpoint, form, { texts: GUIDE_TEXTS[visit.language], isFirst });
    },
  });
  for (const name of ['claims', 'lookups'] as const) {
    const { key, value: valueKey } = LISTS[name];
    endpointForm(pages, parts, {
      path: `/endpoints/${name}`,
      edits({ endpoint: { at }, form: { location = '', name: parameter = '', value = '' } }) {
        // A prefix such as "Bearer " ends with a space.
        const given = valueKey === 'claim' ? { claim: value.trim() } : value === '' ? {} : { prefix: value };
        const place = { location, name: parameter.trim(), ...given };
        return [{ kind: 'append', path: ['endpoints', at, 'auth', key], value: place }];
      },
    });
    endpointForm(pages, parts, {
      path: `/endpoints/${name}/remove`,
      edits({ endpoint: { at }, form, text }) {
        const path = ['endpoints', at, 'auth', key];
        // An empty list of lookups is an error; without the list, the default counts.
        const isLast = draftJwt(text, at)[name].length === 1;
        return [{ kind: 'remove', path: isLast ? path : [...path, Number(form['at'])] }];
      },
    });
  }
}
