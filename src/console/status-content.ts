import { html } from 'hono/html';
import type { Html } from '../portal/page-response.ts';
import { minutesChart } from './minutes-chart.ts';
import type { Status } from './operations.ts';
import { OPERATOR_TEXTS, type OperatorTexts } from './operator-texts.ts';
import { changeForm } from './page.ts';
import { bytesText, durationText, NOTHING, table, timeText } from './table.ts';
import type { ConsoleVisit } from './visit.ts';

function partTable({ parts }: Status, texts: OperatorTexts): Html {
  const rows = parts.map(({ kind, name, works, sinceMs, problems }) => [
    `${texts.kinds[kind]} ${name}`.trim(),
    works
      ? html`<span class="good">${texts.works}</span>`
      : html`<span class="bad">${texts.fails}</span>${problems.map((problem) => html`<br />${problem}`)}`,
    timeText(sinceMs),
  ]);
  return table([texts.part, texts.state, texts.since], rows);
}

function checkTable({ checks }: Status, texts: OperatorTexts): Html {
  if (checks.length === 0) return html`<p>${texts.noRequests}</p>`;
  const sorted = [...checks].sort((one, other) => other.count - one.count);
  const rows = sorted.map(({ endpoint, decision, reason, count }) => [
    reason === '' ? decision : reason,
    endpoint,
    String(count),
  ]);
  return table([texts.decision, texts.endpoint, texts.count], rows);
}

function queues({ comfyuis }: Status, texts: OperatorTexts): Html {
  return html`${comfyuis.map(({ url, queue, disk, webSockets }) => {
    const open = Object.values(webSockets).reduce((sum, count) => sum + count, 0);
    const facts = [
      `${texts.waiting}: ${queue.waiting}`,
      `${texts.running}: ${queue.running}`,
      `${texts.oldest}: ${durationText(queue.oldestWaitSeconds)}`,
      `${texts.webSockets}: ${open}`,
      `${texts.disk}: ${bytesText(disk.free)}`,
    ];
    const rows = queue.users.map(({ user, waiting, running }) => [user, String(running), String(waiting)]);
    return html`<h3>${url}</h3>
      <p>${facts.join(' · ')}</p>
      <meter
        min="0"
        max="${disk.total}"
        low="${disk.total / 10}"
        value="${disk.free}"
        aria-label="${texts.disk}"
      ></meter>
      ${rows.length === 0 ? html`<p>${texts.idle}</p>` : table([texts.user, texts.running, texts.waiting], rows)}`;
  })}`;
}

function lockoutTable(visit: ConsoleVisit, { lockouts }: Status, texts: OperatorTexts): Html {
  if (lockouts.length === 0) return html`<p>${texts.noLockouts}</p>`;
  const isAdministrator = visit.user?.role === 'administrator';
  const rows = lockouts.map(({ id, kind, endpoint, username, network, seconds }) => {
    const button = html`<input type="hidden" name="id" value="${id}" />
      <button class="other" type="submit" aria-label="${texts.unlock} ${network}">${texts.unlock}</button>`;
    return [
      network,
      username === '' ? texts.unknownName : username,
      endpoint,
      texts.delays[kind],
      String(seconds),
      isAdministrator ? changeForm(visit, '/console/lockouts', button) : NOTHING,
    ];
  });
  return table([texts.client, texts.user, texts.endpoint, texts.reason, texts.seconds, ''], rows);
}

function keyTable({ keys }: Status, texts: OperatorTexts): Html {
  const rows = keys.map(({ issuer, available, ageSeconds }) => [
    issuer,
    available ? texts.available : texts.noKeys,
    ageSeconds === undefined ? texts.fixed : texts.ago.replace('{text}', durationText(ageSeconds)),
  ]);
  return html`<h2>${texts.keys}</h2>
    ${table([texts.issuer, texts.state, texts.age], rows)}`;
}

/** Everything on the status page below its title. */
export function statusContent(visit: ConsoleVisit, status: Status): Html {
  const { texts } = visit;
  const own = OPERATOR_TEXTS[visit.language];
  const { ready, revision, envoy } = status;
  return html`<p class="${ready ? 'done' : 'error'}">${ready ? texts.ready : texts.notReady}</p>
    <p>${texts.revision}: <code>${revision}</code>. ${own.envoyStates[envoy]}</p>
    <h2>${own.parts}</h2>
    ${partTable(status, own)}
    <h2>${own.requests}</h2>
    ${status.minutes.length === 0 ? NOTHING : minutesChart(status.minutes, own)} ${checkTable(status, own)}
    <h2>${own.lockouts}</h2>
    ${lockoutTable(visit, status, own)} ${status.keys.length === 0 ? NOTHING : keyTable(status, own)}
    ${status.comfyuis.length === 0 ? NOTHING : html`<h2>${own.queues}</h2>`} ${queues(status, own)}`;
}
