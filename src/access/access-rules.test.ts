import { expect, test } from 'vitest';
import { encodeUserId } from '../auth/user-id.ts';
import { compileRules, createAccess, decide } from './access-rules.ts';
import { patternFault } from './path-pattern.ts';
import { readRequestPath } from './request-path.ts';
import { accessRule } from './rule-schema.ts';

const access = (rules: readonly unknown[]) => createAccess(rules.map((rule) => accessRule.parse(rule)));
const user = (name: string, claims: Record<string, unknown> = {}, operator = false) => ({
  userId: encodeUserId(name)!,
  operator,
  claims,
});
const RULES = [
  { allow: 'POST /free', to: { operators: true } },
  { name: 'no cleaning', deny: ['POST /free', '/upload/*'], why: 'Ask Carol.' },
  { allow: '/*', to: { claim: { name: 'groups', value: 'artists' } } },
  { deny: 'GET /history', to: { users: ['bob'] } },
];

test('the first rule that matches decides, and without one the request is allowed', () => {
  const check = access(RULES)(user('alice'));
  expect(check?.('POST', '/api/free')).toEqual({
    kind: 'deny',
    reason: 'rule-denied',
    rule: { name: 'no cleaning', why: 'Ask Carol.' },
  });
  expect(check?.('DELETE', '/upload/image?x')).toMatchObject({ reason: 'rule-denied' });
  expect(check?.('GET', '/free')).toBeUndefined();
  expect(check?.('GET', '/history')).toBeUndefined();
});

test('rules concern users, operators, and holders of a claim', () => {
  const of = access(RULES);
  expect(of(user('alice', {}, true))?.('POST', '/free')).toBeUndefined();
  expect(of(user('alice', {}, true))?.('POST', '/upload/x')).toBeDefined();
  expect(of(user('bob'))?.('HEAD', '/api/history')).toMatchObject({ rule: { name: '4' } });
  for (const groups of ['artists', ['x', 'artists']])
    expect(of(user('bob', { groups }))?.('GET', '/history')).toBeUndefined();
  for (const groups of ['artists ', ['Artists'], [['artists']], { artists: true }, 'x,artists', undefined])
    expect(of(user('bob', { groups }))?.('GET', '/history')).toBeDefined();
});

test('a claim may be a path, and is never one of an object that all objects have', () => {
  const of = access([{ deny: '/*', to: { claim: { name: 'realm.roles', value: 'guest' } } }]);
  expect(of(user('a', { realm: { roles: ['guest'] } }))?.('GET', '/')).toBeDefined();
  expect(of(user('a', { 'realm.roles': 'guest' }))?.('GET', '/')).toBeDefined();
  expect(of(user('a', { realm: {} }))).toBeUndefined();
  expect(
    access([{ deny: '/*', to: { claim: { name: 'constructor.name', value: 'Object' } } }])(user('a')),
  ).toBeUndefined();
});

test('a user whom no rule concerns costs nothing, and users with the same rules share one check', () => {
  const of = access([{ deny: '/free', to: { users: ['alice', 'bob'] } }]);
  expect(of(user('carol'))).toBeUndefined();
  expect(of(user('alice'))).toBe(of(user('bob')));
});

test.each([
  ['/queue', '/queue', '/queue'],
  ['/api/queue?x=/free', '/queue', '/queue'],
  ['/api/api/queue', '/queue', '/queue'],
  ['/api/', '/', '/'],
  ['/apiqueue', '/apiqueue', '/apiqueue'],
  ['/queue/', '/queue/', '/queue'],
  ['/%71ueue', '/queue', '/queue'],
  ['/userdata/a%2Fb', '/userdata/a%2Fb', '/userdata/a/b'],
  ['/userdata/a%20%c3%a4.json', '/userdata/a ä.json', '/userdata/a ä.json'],
  ['/Queue', '/Queue', '/Queue'],
  ['/userdata/100%25', '/userdata/100%', '/userdata/100%'],
  ['/.well-known/x', '/.well-known/x', '/.well-known/x'],
])('%s is read as %s, and folded as %s', (target, exact, folded) => {
  expect(readRequestPath(target)).toEqual({ exact, folded });
});

test.each([
  ...['', '*', 'queue', 'http://x/queue', '//queue', '/a//b', '/./queue', '/a/../queue', '/a/%2e%2e/queue'],
  ...[
    '/userdata/..%2fx',
    '/userdata/a%2F%2Fb',
    '/%2fqueue',
    '/api%2Fqueue',
    '/x%2Fqueue',
    '/queue%',
    '/queue%zz',
  ],
  ...[
    '/%ff',
    '/%c0%ae',
    '/%2571ueue',
    '/a%255c',
    String.raw`/a\b`,
    '/a%5Cb',
    '/a%00',
    '/a%0ab',
    '/a b',
    '/ä',
    '/a#b',
  ],
])('%s has no single meaning', (target) => {
  expect(readRequestPath(target)).toBeUndefined();
});

test('a request whose path has no single meaning is refused when a rule concerns the user', () => {
  const of = access([{ deny: '/free', to: { users: ['alice'] } }]);
  expect(of(user('alice'))?.('GET', '/%2571ueue')).toEqual({ kind: 'deny', reason: 'path-ambiguous' });
  expect(of(user('alice'))?.('post', '/queue')).toEqual({ kind: 'deny', reason: 'path-ambiguous' });
});

test('a denial holds for every spelling, a permission only for the plain one', () => {
  const decidedBy = (rules: unknown[], target: string) => {
    const decision = decide(compileRules(rules.map((rule) => accessRule.parse(rule))), {
      method: 'GET',
      target,
    });
    return decision.kind === 'rule' ? decision.rule.number : decision.kind;
  };
  for (const target of ['/userdata/secret/x', '/userdata/secret%2Fx', '/api/userdata/s%65cret%2fx'])
    expect(decidedBy([{ deny: '/userdata/secret/*' }], target)).toBe(1);
  const allowing = [{ allow: ['/userdata/public/*', '/queue'] }, { deny: '/*' }];
  expect(decidedBy(allowing, '/userdata/public%2Fx')).toBe(2);
  expect(decidedBy(allowing, '/queue/')).toBe(2);
  expect(decidedBy([{ allow: '/userdata/public%2F*' }, { deny: '/*' }], '/userdata/public%2Fx')).toBe(1);
});

test.each([
  ['/a*', '/a', true],
  ['/a*', '/abc/d', true],
  ['/a/*', '/a', false],
  ['/userdata/*/move/*', '/userdata/a/move/b', true],
  ['/userdata/*/move/*', '/userdata/move/b', false],
  ['/*a*a', '/a', false],
  ['/*a*a', '/xaya', true],
  ['/*.json', '/x.json.png', false],
  ['*', '/', true],
  ['/', '/queue', false],
  ['GET /x', '/x', true],
  ['/größe', '/gr%C3%B6%C3%9Fe', true],
])('%s matches %s: %s', (pattern, target, expected) => {
  const [rule] = compileRules([accessRule.parse({ deny: pattern })]);
  expect(decide([rule!], { method: 'GET', target }).kind === 'rule').toBe(expected);
});

test('many stars take no exponential time', () => {
  const of = access([{ deny: `/${'*a'.repeat(60)}` }]);
  expect(of(user('alice'))?.('GET', `/${'a'.repeat(50_000)}b`)).toBeUndefined();
});

test.each([
  ['free', 'did you mean /free?'],
  ['POST free', 'did you mean /free?'],
  ['post /free', 'did you mean POST?'],
  ['POSTT /free', 'did you mean POST?'],
  ['BREW /free', 'use one of GET,'],
  ['POST', 'names no path'],
  ['/free?x', 'sees no query'],
  ['/api/*', 'with and without /api'],
  ['GET /api', 'with and without /api'],
  ['/a//b', 'servers read differently'],
  ['/a/../b', 'servers read differently'],
  ['/%2571', 'servers read differently'],
  ['http://x/free', 'did you mean /'],
])('%s is no pattern: %s', (text, message) => {
  expect(patternFault(text)).toContain(message);
});
