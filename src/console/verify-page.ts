import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import type { EndpointVerification } from '../verify/verify-endpoints.ts';
import type { ConsoleParts } from './console-context.ts';
import { GUIDE_TEXTS, type GuideTexts } from './guide-texts.ts';
import { changeForm, showPage } from './page.ts';
import { showMessage, type Pages } from './pages.ts';
import { table } from './table.ts';
import { isGood, verifyReport, type LastVerification } from './verify-report.ts';
import type { ConsoleVisit } from './visit.ts';

const LOOK_AGAIN_SECONDS = '2';

/** One line per dimension; each shows the worse of both directions. */
function dimensionRows({ rows }: EndpointVerification, texts: GuideTexts): string[][] {
  const yesNo = (value: boolean): string => (value ? texts.yes : texts.no);
  return [...new Set(rows.map(({ dimension }) => dimension))].map((dimension) => {
    const both = rows.filter((row) => row.dimension === dimension);
    return [
      dimension,
      yesNo(both.every(({ aSeesOwn }) => aSeesOwn)),
      yesNo(both.some(({ bSeesAs }) => bSeesAs)),
      yesNo(both.every(({ backAgain }) => backAgain)),
    ];
  });
}

function resultHtml(result: EndpointVerification, texts: GuideTexts): Html {
  const good = isGood(result);
  const columns = [texts.dimension, texts.ownSeen, texts.otherSeen, texts.again];
  const probes = result.probes.map(({ name, outcome }) => [name, outcome]);
  return html`<h2>${result.endpoint}</h2>
    <p class="${good ? 'done' : 'error'}" role="status">${good ? texts.isolated : texts.notIsolated}</p>
    ${table(columns, dimensionRows(result, texts))} ${table([texts.probe, texts.outcome], probes)}`;
}

function lastHtml(visit: ConsoleVisit, last: LastVerification | undefined): Html {
  const texts = GUIDE_TEXTS[visit.language];
  if (last === undefined) return raw('');
  if (last.kind === 'failed') return html`<p class="error" role="alert">${last.why}</p>`;
  return html`<p class="soft">${new Date(last.atMs).toISOString()} · ${last.revision}</p>
    ${last.results.map((result) => resultHtml(result, texts))}
    <p>
      ${texts.download}: <a href="/console/verify/report.html">HTML</a>,
      <a href="/console/verify/report.json">JSON</a>
    </p>`;
}

/** The last step of the guide: two temporary users through the real gateway. */
export function verifyPage(pages: Pages, { verification, audit }: ConsoleParts): void {
  pages.get('/verify', (visit, context) => {
    const texts = GUIDE_TEXTS[visit.language];
    const { running, last } = verification;
    if (running) context.header('refresh', LOOK_AGAIN_SECONDS);
    const button = html`<button type="submit">${texts.verifyNow}</button>`;
    const content = html`<p>${texts.verifyNote}</p>
      ${running ? html`<p class="note" role="status">${texts.running}</p>` : raw('')}
      ${visit.user?.role === 'administrator' && !running ? changeForm(visit, '/console/verify', button) : raw('')}
      ${lastHtml(visit, last)}`;
    return showPage(context, visit, {
      title: visit.texts.sections.verify,
      content,
      command: 'comfy-tenant verify',
    });
  });

  pages.post('/verify', ({ user, request }, _, context) => {
    if (verification.start()) {
      const what = 'verification started';
      audit({ event: 'console-changed', user: user?.name ?? '', what, address: request.peerAddress });
    }
    return Promise.resolve(context.redirect('/console/verify', 303));
  });

  const missing = (visit: ConsoleVisit, context: Context): Promise<Response> =>
    showMessage(context, visit, {
      title: visit.texts.sections.verify,
      message: visit.texts.notFound,
      status: 404,
    });
  const attach = (context: Context, type: 'html' | 'json'): void => {
    context.header('content-disposition', `attachment; filename="comfy-tenant-verify.${type}"`);
  };

  pages.get('/verify/report.json', (visit, context) => {
    const { last } = verification;
    if (last?.kind !== 'done') return missing(visit, context);
    attach(context, 'json');
    return Promise.resolve(context.json(verifyReport(last)));
  });

  pages.get('/verify/report.html', (visit, context) => {
    const { last } = verification;
    if (last?.kind !== 'done') return missing(visit, context);
    attach(context, 'html');
    const { at, revision, versions } = verifyReport(last);
    const texts = GUIDE_TEXTS[visit.language];
    const facts = `${at} · ${revision} · comfy-tenant ${versions.comfyTenant} · Node ${versions.node}`;
    const content = html`<p>${facts}</p>
      ${last.results.map((result) => resultHtml(result, texts))}`;
    return showPage(context, { ...visit, user: undefined }, { title: visit.texts.sections.verify, content });
  });
}
