import { expect, test } from 'vitest';
import { errorPage } from './error-page.ts';
import { ERROR_TEXTS, type ErrorKind } from './error-texts.ts';
import { languageOf, LANGUAGES } from './language.ts';

const HOSTILE = `<script>alert("1")</script>'&`;
const ESCAPED = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;';
const KINDS = Object.keys(ERROR_TEXTS.en) as ErrorKind[];

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['en-US,en;q=0.9,zh;q=0.8', 'en'],
  ['de,zh;q=0.5', 'zh'],
  ['en;q=0.1,ZH-TW;q=0.2', 'zh'],
  ['zh;q=0', 'en'],
  ['zha', 'en'],
  [`${'x,'.repeat(100_000)}zh`, 'en'],
])('%j is read as %s', (accepted, language) => {
  expect(languageOf(accepted)).toBe(language);
});

test.each(LANGUAGES)('text from outside is escaped (%s)', (language) => {
  const site = { title: HOSTILE, notice: HOSTILE };
  const page = errorPage({ kind: 'forbidden', language, site, why: HOSTILE }, HOSTILE);
  expect(page).not.toContain('<script');
  expect(page.split(ESCAPED)).toHaveLength(5);
});

test.each(KINDS)('the page about %s names its part, what to do and the request id', (kind) => {
  const page = errorPage({ kind, language: 'en', site: { title: 'Studio' } }, '5a6b-1');
  expect(page.match(/<li class="bad">/g)).toHaveLength(1);
  expect(page).toContain(ERROR_TEXTS.en[kind].remedy.replace("'", '&#39;'));
  expect(page).toContain('<code>5a6b-1</code>');
});

test.each([
  [1, '1 second.'],
  [90, '90 seconds.'],
  [601, '11 minutes.'],
])('a wait of %d s is shown', (waitSeconds, text) => {
  const site = { title: 'Studio' };
  const page = errorPage({ kind: 'too-many-failures', language: 'en', site, waitSeconds }, '-');
  expect(page).toContain(`You can try again in ${text}`);
});
