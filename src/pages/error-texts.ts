import type { Language } from './language.ts';

/** The parts of the way to ComfyUI. */
export type Part = 'you' | 'gateway' | 'comfyui';

/** What a page is about: a status, or one of several causes of it. */
export type ErrorKind =
  | 'unauthenticated'
  | 'forbidden'
  | 'too-many-failures'
  | 'malformed'
  | 'too-large'
  | 'unknown-host'
  | 'not-found'
  | 'internal'
  | 'unavailable'
  | 'comfyui-unavailable'
  | 'bad-gateway'
  | 'timeout';

interface ErrorText {
  readonly title: string;
  readonly happened: string;
  readonly remedy: string;
}

/** The part that a page is about. */
export const AFFECTED: Readonly<Record<ErrorKind, Part>> = {
  unauthenticated: 'you',
  forbidden: 'you',
  'too-many-failures': 'you',
  malformed: 'you',
  'too-large': 'you',
  'unknown-host': 'you',
  'not-found': 'you',
  internal: 'gateway',
  unavailable: 'gateway',
  'comfyui-unavailable': 'comfyui',
  'bad-gateway': 'comfyui',
  timeout: 'comfyui',
};

type Texts = Readonly<Record<ErrorKind, ErrorText>>;

const ENGLISH: Texts = {
  unauthenticated: {
    title: 'Sign in to continue',
    happened: 'Your sign-in is missing, invalid or expired.',
    remedy: 'Sign in and try again.',
  },
  forbidden: {
    title: 'Access denied',
    happened: 'This request is not allowed.',
    remedy: 'Go back, or sign in with another account.',
  },
  'too-many-failures': {
    title: 'Too many failed attempts',
    happened: 'Sign-in is paused because it failed too often.',
    remedy: 'Wait, then try again with the right password.',
  },
  malformed: {
    title: 'Malformed request',
    happened: 'The gateway cannot read this request, or could read it in more than one way.',
    remedy: 'Check the address for typing errors.',
  },
  'too-large': {
    title: 'Request too large',
    happened: 'Your browser sent too many or too large headers. Usually these are cookies.',
    remedy: "Delete this site's cookies in your browser, then try again.",
  },
  'unknown-host': {
    title: 'Unknown address',
    happened: 'Nothing is configured for this host name.',
    remedy: 'Check the address for typing errors.',
  },
  'not-found': {
    title: 'Page not found',
    happened: 'There is no page at this address.',
    remedy: 'Check the address for typing errors.',
  },
  internal: {
    title: 'Something went wrong',
    happened: 'The gateway could not complete this request.',
    remedy: 'Try again in a few minutes.',
  },
  unavailable: {
    title: 'Sign-in is temporarily unavailable',
    happened: 'The gateway cannot check sign-ins at the moment.',
    remedy: 'Wait: this page tries again every few seconds.',
  },
  'comfyui-unavailable': {
    title: 'ComfyUI is temporarily unavailable',
    happened: 'ComfyUI is restarting or does not respond.',
    remedy: 'Wait: this page tries again every few seconds.',
  },
  'bad-gateway': {
    title: 'ComfyUI sent an invalid response',
    happened: 'The gateway could not read the response of ComfyUI.',
    remedy: 'Try again in a few minutes.',
  },
  timeout: {
    title: 'ComfyUI took too long',
    happened: 'The request was stopped because nothing was sent for some minutes.',
    remedy: 'Try again. Prompts that are already in the queue keep running.',
  },
};

const CHINESE: Texts = {
  unauthenticated: {
    title: '请先登录',
    happened: '您尚未登录，或登录信息无效、已过期。',
    remedy: '请登录后重试。',
  },
  forbidden: {
    title: '拒绝访问',
    happened: '不允许此请求。',
    remedy: '请返回，或使用其他账号登录。',
  },
  'too-many-failures': {
    title: '失败次数过多',
    happened: '由于多次登录失败，登录已暂停。',
    remedy: '请稍候，再使用正确的密码重试。',
  },
  malformed: {
    title: '请求格式错误',
    happened: '网关无法读取此请求，或此请求有多种解释。',
    remedy: '请检查网址是否输入正确。',
  },
  'too-large': {
    title: '请求过大',
    happened: '浏览器发送的请求头过多或过大，通常是 Cookie 造成的。',
    remedy: '请在浏览器中删除本站的 Cookie，然后重试。',
  },
  'unknown-host': {
    title: '未知网址',
    happened: '此主机名没有对应的服务。',
    remedy: '请检查网址是否输入正确。',
  },
  'not-found': {
    title: '页面不存在',
    happened: '此网址没有对应的页面。',
    remedy: '请检查网址是否输入正确。',
  },
  internal: {
    title: '出错了',
    happened: '网关未能完成此请求。',
    remedy: '请过几分钟再试。',
  },
  unavailable: {
    title: '暂时无法登录',
    happened: '网关目前无法验证登录信息。',
    remedy: '请稍候：此页面每隔几秒会自动重试。',
  },
  'comfyui-unavailable': {
    title: 'ComfyUI 暂时不可用',
    happened: 'ComfyUI 正在重启或没有响应。',
    remedy: '请稍候：此页面每隔几秒会自动重试。',
  },
  'bad-gateway': {
    title: 'ComfyUI 返回了无效的响应',
    happened: '网关无法读取 ComfyUI 的响应。',
    remedy: '请过几分钟再试。',
  },
  timeout: {
    title: 'ComfyUI 响应超时',
    happened: '几分钟内没有传输任何数据，请求已中止。',
    remedy: '请重试。队列中的任务会继续运行。',
  },
};

export const ERROR_TEXTS: Readonly<Record<Language, Texts>> = { en: ENGLISH, zh: CHINESE };
