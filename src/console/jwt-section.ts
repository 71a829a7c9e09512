import { html, raw } from 'hono/html';
import { USER_ID_HEADER } from '../http/user-id-header.ts';
import type { Html } from '../portal/page-response.ts';
import type { ConsoleParts } from './console-context.ts';
import type { DraftEndpoint } from './draft-endpoints.ts';
import { draftJwt, type DraftIssuer, type DraftPlace } from './draft-jwt.ts';
import { GUIDE_TEXTS, type GuideTexts } from './guide-texts.ts';
import { keyFacts } from '../jwt/key-facts.ts';
import { keyTable } from './jwt-keys.ts';
import type { KeysStatus } from './operations.ts';
import { changeForm, field, select, textArea } from './page.ts';
import { durationText } from './table.ts';
import type { ConsoleVisit } from './visit.ts';

const LOCATIONS = ['HEADER', 'COOKIE', 'QUERY'] as const;
const SOURCES = ['keys', 'url', 'discover', 'file'] as const;

/** The keys that the service has now, of an issuer whose keys are not in the configuration. */
function servedKeys(issuer: string, served: readonly KeysStatus[], texts: GuideTexts): Html {
  const found = served.find((one) => one.issuer === issuer);
  if (found === undefined || found.keys.length === 0) return html`<p class="soft">${texts.remoteKeys}</p>`;
  const age =
    found.ageSeconds === undefined ? '' : texts.fetchedAgo.replace('{text}', durationText(found.ageSeconds));
  return html`${keyTable(found.keys, texts)}
    <p class="soft">${age}</p>`;
}

function issuerPart(
  { issuer, audience, keys }: DraftIssuer,
  texts: GuideTexts,
  served: readonly KeysStatus[],
): Html {
  const source = keys.kind === undefined ? '–' : `${texts.sources[keys.kind]} ${keys.at}`;
  return html`<p>
      ${texts.issuer}: <strong>${issuer || '–'}</strong><br />
      ${texts.audience}: ${audience.join(', ') || '–'}<br />
      ${texts.source}: ${source}
    </p>
    ${keys.kind === 'keys' ? keyTable(keys.keys.map(keyFacts), texts) : raw('')}
    ${keys.kind === 'keys' ? raw('') : servedKeys(issuer, served, texts)}`;
}

interface PlaceList {
  readonly path: 'claims' | 'lookups';
  readonly places: readonly DraftPlace[];
  readonly columns: readonly [location: string, name: string, value: string];
  /** What a new line begins with. */
  readonly suggested: DraftPlace;
}

/** A list of places with a form to add one and, in each line, one to remove it. */
function placeList(
  visit: ConsoleVisit,
  { name }: DraftEndpoint,
  { path, places, columns, suggested }: PlaceList,
): Html {
  const isAdministrator = visit.user?.role === 'administrator';
  const { texts, language } = visit;
  const hidden = html`<input type="hidden" name="endpoint" value="${name}" />`;
  const remove = (place: DraftPlace, at: number): Html => {
    const button = html`${hidden}<input type="hidden" name="at" value="${at}" /><button
        class="other"
        type="submit"
        aria-label="${texts.remove} ${place.name}"
      >
        ${texts.remove}
      </button>`;
    return changeForm(visit, `/console/endpoints/${path}/remove`, button);
  };
  const options = LOCATIONS.map((value) => ({ value, label: value }));
  const add = html`${hidden}
    ${select({ name: 'location', label: columns[0], options, chosen: suggested.location }, path)}
    ${field({ name: 'name', label: columns[1], value: suggested.name }, path)}
    ${field({ name: 'value', label: columns[2], value: suggested.value, optional: path === 'lookups' }, path)}
    <button class="other" type="submit">${GUIDE_TEXTS[language].add}</button>`;
  const table = html`<table>
    <thead>
      <tr>
        ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        <td></td>
      </tr>
    </thead>
    <tbody>
      ${places.map(
        (place, at) =>
          html`<tr>
            <td>${place.location}</td>
            <th scope="row">${place.name}</th>
            <td>${place.value}</td>
            <td>${isAdministrator ? remove(place, at) : raw('')}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
  return html`${places.length === 0 ? raw('') : table}
  ${isAdministrator ? changeForm(visit, `/console/endpoints/${path}`, add) : raw('')}`;
}

function issuerForm(visit: ConsoleVisit, { name }: DraftEndpoint, issuer: DraftIssuer | undefined): Html {
  const guide = GUIDE_TEXTS[visit.language];
  const options = SOURCES.map((value) => ({ value, label: guide.sources[value] }));
  const { kind = 'keys', at = '' } = issuer?.keys ?? {};
  const fields = html`<input type="hidden" name="endpoint" value="${name}" />
    ${field({ name: 'issuer', label: guide.issuer, value: issuer?.issuer ?? '' }, 'issuer')}
    ${field({ name: 'audience', label: guide.audience, value: issuer?.audience.join(', ') ?? '' }, 'issuer')}
    ${select({ name: 'source', label: guide.source, options, chosen: kind }, 'issuer')}
    ${textArea({ name: 'keys', label: guide.keysText, value: at }, 'issuer')}
    <button type="submit">${guide.saveIssuer}</button>`;
  return changeForm(visit, '/console/endpoints/issuer', fields);
}

/** JWKS, claim transformation and token lookup of a JWT endpoint. */
export async function jwtSection(
  visit: ConsoleVisit,
  parts: ConsoleParts,
  endpoint: DraftEndpoint,
): Promise<Html> {
  const served = await parts.operations.keys();
  const { cookie, language, user } = visit;
  const guide = GUIDE_TEXTS[language];
  const { issuers, claims, lookups } = draftJwt(parts.drafts.of(cookie, parts.store.read).text, endpoint.at);
  const id = { location: 'HEADER', name: USER_ID_HEADER, value: 'sub' };
  const isAdministrator = user?.role === 'administrator';
  return html`<h2>${guide.jwks}</h2>
    ${issuers.length === 0 ? html`<p>${guide.noIssuer}</p>` : issuers.map((one) => issuerPart(one, guide, served))}
    ${isAdministrator ? issuerForm(visit, endpoint, issuers[0]) : raw('')}
    <h2>${guide.claims}</h2>
    ${placeList(visit, endpoint, {
      path: 'claims',
      places: claims,
      columns: [guide.location, guide.parameter, guide.claim],
      suggested: claims.length === 0 ? id : { ...id, name: '', value: '' },
    })}
    <h2>${guide.lookup}</h2>
    <p class="soft">${guide.lookupNote} ${lookups.length === 0 ? guide.defaultLookup : ''}</p>
    ${placeList(visit, endpoint, {
      path: 'lookups',
      places: lookups,
      columns: [guide.place, guide.parameter, guide.prefix],
      suggested: { location: 'HEADER', name: '', value: '' },
    })}
    <p><a href="/console/try/${encodeURIComponent(endpoint.name)}">${guide.tryToken}</a></p>`;
}
