const EN = {
  account: 'Account',
  manage: 'Account and access tokens',
  operator: 'operator',
  signOut: 'Sign out',
  switchAccount: 'Switch account',
  storage: (used, quota) => (quota === null ? `Storage used: ${used}` : `Storage used: ${used} of ${quota}`),
  byBrowser: 'Your browser signs you in. To sign out, close all of its windows.',
  byToken: 'Another site or program signs you in. Sign out there.',
  signedOut: 'You are signed out.',
  signInAgain: 'Sign in again',
  retry: 'Sign in again, then retry.',
  restarting: 'ComfyUI is restarting.',
  wait: 'This page reconnects by itself.',
  requestId: (id) => `Request id: ${id}`,
  failed: 'Signing out failed. Try again.',
  limitedPacks: 'Some node packs work only in part here',
  askOperator: 'Questions? Ask the person who runs this ComfyUI.',
};

const ZH = {
  account: '账号',
  manage: '账号与访问令牌',
  operator: '管理员',
  signOut: '退出登录',
  switchAccount: '切换账号',
  storage: (used, quota) => (quota === null ? `已用存储空间：${used}` : `已用存储空间：${used} / ${quota}`),
  byBrowser: '您由浏览器自动登录。要退出登录，请关闭浏览器的所有窗口。',
  byToken: '您通过其他网站或程序登录。请在那里退出登录。',
  signedOut: '您已退出登录。',
  signInAgain: '重新登录',
  retry: '请重新登录，然后重试。',
  restarting: 'ComfyUI 正在重启。',
  wait: '此页面会自动重新连接。',
  requestId: (id) => `请求编号：${id}`,
  failed: '退出登录失败，请重试。',
  limitedPacks: '部分节点包在此处功能受限',
  askOperator: '如有疑问，请联系此 ComfyUI 的管理员。',
};

/** The texts in the reader's language, such as `zh-CN`. */
export function textsFor(language) {
  return /^zh\b/i.test(language ?? '') ? ZH : EN;
}
