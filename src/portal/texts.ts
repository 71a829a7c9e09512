import type { Language } from '../pages/language.ts';

export interface PortalTexts {
  readonly signIn: string;
  readonly username: string;
  readonly password: string;
  readonly wrong: string;
  readonly expiredForm: string;
  readonly signedOut: string;
  readonly noSignIn: string;
  readonly account: string;
  readonly signedInAs: (user: string) => string;
  readonly remembered: string;
  readonly continueText: string;
  readonly signOut: string;
  readonly signOutEverywhere: string;
  readonly switchAccount: string;
  readonly since: string;
  readonly until: string;
  readonly noSession: string;
  readonly stillValid: string;
  readonly accessTokens: string;
  readonly aboutTokens: string;
  readonly noTokens: string;
  readonly tokenName: string;
  readonly days: string;
  readonly expires: string;
  readonly lastUsed: string;
  readonly neverUsed: string;
  readonly revoke: string;
  readonly revoked: string;
  readonly revokeToken: (name: string) => string;
  readonly createToken: string;
  readonly tokenCreated: string;
  readonly tokenShownOnce: string;
  readonly busy: string;
  wait(seconds: number): string;
}

const ENGLISH: PortalTexts = {
  signIn: 'Sign in',
  username: 'User name',
  password: 'Password',
  wrong: 'The user name or the password is wrong.',
  expiredForm: 'This form has expired. Try again.',
  signedOut: 'You are signed out.',
  noSignIn: 'There is no sign-in page here. Use the link or the program that you were given.',
  account: 'Your account',
  signedInAs: (user) => `You are signed in as ${user}.`,
  remembered:
    'Your browser also sends a password that it remembers. Close all of its windows to make it forget.',
  continueText: 'Continue',
  signOut: 'Sign out',
  signOutEverywhere: 'Sign out everywhere',
  switchAccount: 'Use another account',
  since: 'Signed in',
  until: 'Ends without use',
  noSession: 'Your browser sends your credentials with each request, so there is no session to end.',
  stillValid: 'You are signed out in this browser, but the session could not be ended on the server.',
  accessTokens: 'Access tokens',
  aboutTokens:
    'For scripts and programs. Send one as “Authorization: Bearer …”, or instead of a password with your user name.',
  noTokens: 'You have no access tokens.',
  tokenName: 'Name of the program',
  days: 'Valid for (days)',
  expires: 'Expires',
  lastUsed: 'Last used',
  neverUsed: 'never',
  revoke: 'Revoke',
  revoked: 'revoked',
  revokeToken: (name) => `Revoke ${name}`,
  createToken: 'Create an access token',
  tokenCreated: 'Your access token',
  tokenShownOnce: 'Copy it now: it is not shown again. Anyone who has it can act as you.',
  busy: 'Signing in is not possible at the moment. Try again in a few seconds.',
  wait: (seconds) =>
    `Too many failed attempts. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
};

const CHINESE: PortalTexts = {
  signIn: '登录',
  username: '用户名',
  password: '密码',
  wrong: '用户名或密码错误。',
  expiredForm: '此表单已过期，请重试。',
  signedOut: '您已退出登录。',
  noSignIn: '此处没有登录页面。请使用提供给您的链接或程序。',
  account: '您的账号',
  signedInAs: (user) => `您已登录为 ${user}。`,
  remembered: '您的浏览器还会发送它记住的密码。关闭所有浏览器窗口即可清除。',
  continueText: '继续',
  signOut: '退出登录',
  signOutEverywhere: '在所有设备上退出登录',
  switchAccount: '使用其他账号',
  since: '登录时间',
  until: '无操作时的到期时间',
  noSession: '您的浏览器随每个请求发送登录信息，因此没有可结束的会话。',
  stillValid: '您已在此浏览器中退出登录，但未能在服务器上结束会话。',
  accessTokens: '访问令牌',
  aboutTokens: '供脚本和程序使用。以 “Authorization: Bearer …” 发送，或与您的用户名一起代替密码使用。',
  noTokens: '您没有访问令牌。',
  tokenName: '程序名称',
  days: '有效期（天）',
  expires: '到期时间',
  lastUsed: '上次使用',
  neverUsed: '从未',
  revoke: '撤销',
  revoked: '已撤销',
  revokeToken: (name) => `撤销 ${name}`,
  createToken: '创建访问令牌',
  tokenCreated: '您的访问令牌',
  tokenShownOnce: '请立即复制：它不会再次显示。任何持有它的人都可以以您的身份操作。',
  busy: '暂时无法登录，请在几秒后重试。',
  wait: (seconds) => `失败次数过多，请在 ${seconds} 秒后重试。`,
};

export const PORTAL_TEXTS: Readonly<Record<Language, PortalTexts>> = { en: ENGLISH, zh: CHINESE };
