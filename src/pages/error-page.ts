import { AFFECTED, ERROR_TEXTS, type ErrorKind, type Part } from './error-texts.ts';
import { escapeHtml } from './html.ts';
import type { Language } from './language.ts';
import { NO_ACTIONS, PAGE_END, pageStart, type Site } from './page.ts';

export interface ErrorPage {
  readonly kind: ErrorKind;
  readonly language: Language;
  readonly site: Site;
  /** Seconds until another attempt is possible. */
  readonly waitSeconds?: number | undefined;
  /** The operator's explanation. */
  readonly why?: string | undefined;
}

const PARTS: readonly Part[] = ['you', 'gateway', 'comfyui'];

/** After this time, a page about something temporary loads again. */
export const RETRY_SECONDS = 5;

type State = 'good' | 'bad' | 'idle';

interface Labels {
  readonly parts: Readonly<Record<Part, string>>;
  readonly states: Readonly<Record<State, string>>;
  /** The state of `you`, which is not broken. */
  readonly attention: string;
  readonly happened: string;
  readonly remedy: string;
  readonly help: string;
  readonly ask: string;
  readonly requestId: string;
  wait(seconds: number): string;
}

const MINUTE = 60;
const SEVERAL_MINUTES = 120;

const LABELS: Readonly<Record<Language, Labels>> = {
  en: {
    parts: { you: 'You', gateway: 'Gateway', comfyui: 'ComfyUI' },
    states: { good: '✓ Working', bad: '✗ Not working', idle: '– Not reached' },
    attention: '! Needs attention',
    happened: 'What happened',
    remedy: 'What you can do',
    help: 'Help',
    ask: 'If this does not help, ask the person who runs this server, and give them the request id.',
    requestId: 'Request id:',
    wait: (seconds) =>
      seconds < SEVERAL_MINUTES
        ? `You can try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
        : `You can try again in ${Math.ceil(seconds / MINUTE)} minutes.`,
  },
  zh: {
    parts: { you: '您', gateway: '网关', comfyui: 'ComfyUI' },
    states: { good: '✓ 正常', bad: '✗ 异常', idle: '– 未到达' },
    attention: '! 请留意',
    happened: '发生了什么',
    remedy: '您可以做什么',
    help: '帮助',
    ask: '如果问题仍然存在，请联系服务器管理员，并提供请求编号。',
    requestId: '请求编号：',
    wait: (seconds) =>
      seconds < SEVERAL_MINUTES
        ? `${seconds} 秒后可以重试。`
        : `${Math.ceil(seconds / MINUTE)} 分钟后可以重试。`,
  },
};

function box(part: Part, affected: Part, labels: Labels): string {
  const state: State = part === affected ? 'bad' : part === 'comfyui' ? 'idle' : 'good';
  const text = part === 'you' && state === 'bad' ? labels.attention : labels.states[state];
  return `<li class="${state}"><b>${labels.parts[part]}</b><span>${text}</span></li>`;
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

function section(heading: string, paragraphs: readonly (string | undefined)[]): string {
  const shown = paragraphs.filter((text) => text !== undefined && text !== '');
  return `<h2>${heading}</h2>${shown.map((text) => paragraph(text ?? '')).join('')}`;
}

/** The content of an error page up to its end. */
export function errorContent({ kind, language, waitSeconds, why }: Omit<ErrorPage, 'site'>): string {
  const text = ERROR_TEXTS[language][kind];
  const labels = LABELS[language];
  const wait = waitSeconds === undefined ? undefined : labels.wait(waitSeconds);
  return `<main lang="${language}"><h1>${text.title}</h1>\
<ol>${PARTS.map((part) => box(part, AFFECTED[kind], labels)).join('')}</ol>\
${section(labels.happened, [text.happened, why])}${section(labels.remedy, [text.remedy, wait])}`;
}

/** The operator's notice as HTML. */
export function noticeHtml({ notice }: Site): string {
  return notice === undefined || notice === '' ? '' : paragraph(notice);
}

/** The end of an error page. @param notice HTML @param requestId HTML */
export function errorEnd(language: Language, { notice, requestId }: { notice: string; requestId: string }) {
  const { help, ask, requestId: label } = LABELS[language];
  return `<h2>${help}</h2>${notice}${paragraph(ask)}<p class="id">${label} \
<code>${requestId}</code></p></main>${PAGE_END}`;
}

/** A complete error page. */
export function errorPage(page: ErrorPage, requestId: string): string {
  const { site, language } = page;
  const end = errorEnd(language, { notice: noticeHtml(site), requestId: escapeHtml(requestId) });
  return pageStart(site, language, NO_ACTIONS) + errorContent(page) + end;
}
