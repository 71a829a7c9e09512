import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/requests.ts';
import type { JwtAuth } from './jwt-schema.ts';
import { findToken } from './find-token.ts';

const lookups: JwtAuth['tokenLookup'] = [
  { location: 'HEADER', name: 'Authorization', prefix: 'Bearer ' },
  { location: 'COOKIE', name: 'comfy_token' },
  { location: 'QUERY', name: 'token' },
];

test.each([
  [
    'the header first',
    [
      ['authorization', 'bearer h'],
      ['cookie', 'comfy_token=c'],
    ],
    '/?token=q',
    { text: 'h', ambient: false },
  ],
  [
    'the cookie next',
    [
      ['authorization', 'Basic h'],
      ['cookie', 'a=b; comfy_token=c'],
    ],
    '/?token=q',
    { text: 'c', ambient: true },
  ],
  ['the query last', [], '/ws?a=b&token=q', { text: 'q', ambient: false }],
  ['the same twice', [['cookie', 'comfy_token=c; comfy_token=c']], '/', { text: 'c', ambient: true }],
  [
    'two different ones',
    [['cookie', 'comfy_token=c; comfy_token=d']],
    '/',
    { kind: 'deny', reason: 'credentials-ambiguous' },
  ],
  [
    'two joined headers',
    [['authorization', 'Bearer a,Bearer b']],
    '/',
    { kind: 'deny', reason: 'credentials-ambiguous' },
  ],
  ['nothing', [], '/', { kind: 'deny', reason: 'credentials-missing' }],
] as const)('of several places for a token, %s decides', (_, headers, path, expected) => {
  expect(findToken(aRequest(headers, { path }), lookups)).toEqual(expected);
});
