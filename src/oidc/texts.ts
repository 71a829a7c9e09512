import type { Language } from '../pages/language.ts';
import type { Problem } from './problem.ts';

interface PageText {
  readonly title: string;
  /** What happened, and what to do. */
  readonly text: string;
}

interface Texts {
  readonly retry: string;
  readonly otherAccount: string;
  readonly signIn: string;
  readonly requestId: string;
  readonly choose: PageText;
  readonly signedOut: PageText;
  readonly problems: Readonly<Record<Problem, PageText>>;
}

const EXPIRED = {
  title: 'Sign-in was not completed',
  text: 'It took too long, was finished in another tab, or began in another browser. Sign in again. If that does not help, allow cookies for this site.',
};
const PROVIDER = {
  title: 'The sign-in service sent an invalid response',
  text: 'You are not signed in. Try again. If it happens again, give the request id to the person who runs this site.',
};

const en: Texts = {
  retry: 'Sign in again',
  otherAccount: 'Use another account',
  signIn: 'Sign in',
  requestId: 'Request id:',
  choose: { title: 'Sign in', text: 'Choose how to sign in.' },
  signedOut: { title: 'You are signed out', text: 'You can close this page.' },
  problems: {
    'transaction-missing': EXPIRED,
    'transaction-expired': EXPIRED,
    'transaction-used': EXPIRED,
    'response-invalid': PROVIDER,
    'code-refused': EXPIRED,
    'access-denied': {
      title: 'You are not signed in',
      text: 'Sign-in was cancelled, or the sign-in service does not allow your account to use this site.',
    },
    'token-refused': {
      title: 'Your account cannot be used here',
      text: 'The sign-in service confirmed your account, but this site does not accept it. Ask the person who runs this site.',
    },
    'clock-wrong': {
      title: 'The clocks do not agree',
      text: 'The clock of the sign-in service differs from that of this site. Give the request id to the person who runs this site.',
    },
    'user-refused': {
      title: 'Your account cannot be used here',
      text: 'Your account has no usable user id. Give the request id to the person who runs this site.',
    },
    'provider-error': PROVIDER,
    'provider-invalid': PROVIDER,
    'provider-unavailable': {
      title: 'The sign-in service is unavailable',
      text: 'You are not signed in. Try again in a minute.',
    },
    'address-unknown': {
      title: 'Sign-in does not work at this address',
      text: 'Use the address that the person who runs this site gave you.',
    },
    'not-configured': {
      title: 'Page not found',
      text: 'This sign-in does not exist.',
    },
  },
};

const ZH_EXPIRED = {
  title: '登录未完成',
  text: '登录超时、已在其他标签页完成，或是在另一个浏览器中开始的。请重新登录。如果仍然失败，请允许本站使用 Cookie。',
};
const ZH_PROVIDER = {
  title: '登录服务返回了无效的响应',
  text: '您尚未登录。请重试。如果问题依旧，请把请求编号告诉本站管理员。',
};

const zh: Texts = {
  retry: '重新登录',
  otherAccount: '使用其他账号',
  signIn: '登录',
  requestId: '请求编号：',
  choose: { title: '登录', text: '请选择登录方式。' },
  signedOut: { title: '您已退出登录', text: '可以关闭此页面。' },
  problems: {
    'transaction-missing': ZH_EXPIRED,
    'transaction-expired': ZH_EXPIRED,
    'transaction-used': ZH_EXPIRED,
    'response-invalid': ZH_PROVIDER,
    'code-refused': ZH_EXPIRED,
    'access-denied': { title: '您尚未登录', text: '登录已取消，或登录服务不允许您的账号使用本站。' },
    'token-refused': {
      title: '此账号无法在本站使用',
      text: '登录服务确认了您的账号，但本站不接受。请联系本站管理员。',
    },
    'clock-wrong': {
      title: '时钟不一致',
      text: '登录服务与本站的时钟不一致。请把请求编号告诉本站管理员。',
    },
    'user-refused': {
      title: '此账号无法在本站使用',
      text: '您的账号没有可用的用户标识。请把请求编号告诉本站管理员。',
    },
    'provider-error': ZH_PROVIDER,
    'provider-invalid': ZH_PROVIDER,
    'provider-unavailable': { title: '登录服务暂时不可用', text: '您尚未登录。请稍后重试。' },
    'address-unknown': { title: '无法在此地址登录', text: '请使用本站管理员提供的地址。' },
    'not-configured': { title: '页面不存在', text: '没有这种登录方式。' },
  },
};

export const TEXTS: Readonly<Record<Language, Texts>> = { en, zh };
