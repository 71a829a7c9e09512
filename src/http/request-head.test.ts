import { expect, test } from 'vitest';
import { aRequest } from '../../test/support/requests.ts';
import { cookieValues } from './cookies.ts';
import { disguisesParameter, queryValues } from './query.ts';
import { isSameOrigin, nominatesHeader } from './request-head.ts';

test.each([
  ['Upgrade', false],
  ['keep-alive, Upgrade', false],
  ['close', false],
  ['TE, close', false],
  ['Upgrade, HTTP2-Settings', false],
  ['Upgrade, X-FunArt-Comfy-UserId', true],
  ['x-funart-comfy-token', true],
  ['close,cookie', true],
])('Connection: %s names a header for removal: %s', (value, expected) => {
  expect(nominatesHeader(aRequest([['connection', value]]))).toBe(expected);
});

test('a second Connection line is checked too', () => {
  const lines = [
    ['connection', 'keep-alive'],
    ['connection', 'x-funart-comfy-userid'],
  ] as const;
  expect(nominatesHeader(aRequest(lines))).toBe(true);
});

test.each([
  ['http://comfy.example.com', 'comfy.example.com', true],
  ['https://comfy.example.com', 'comfy.example.com:443', true],
  ['http://COMFY.example.com:8080', 'comfy.example.com:8080', true],
  ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
  ['http://comfy.example.com:8080', 'comfy.example.com:8081', false],
  ['http://evil.example', 'comfy.example.com', false],
  ['http://comfy.example.com.evil.example', 'comfy.example.com', false],
  ['null', 'comfy.example.com', false],
  ['', 'comfy.example.com', false],
])('a page of %j may make requests to %s: %s', (origin, host, expected) => {
  expect(isSameOrigin(aRequest([['origin', origin]], { host }))).toBe(expected);
});

test('a request without Origin is same-origin', () => {
  expect(isSameOrigin(aRequest())).toBe(true);
});

test('a cookie is found in any Cookie line, by its exact name', () => {
  expect(cookieValues(['a=1; token=x', 'b=2;token="y"; tokens=z; xtoken=w'], 'token')).toEqual(['x', 'y']);
});

test('a query parameter is found by its raw name, and its value is decoded', () => {
  expect(queryValues('/ws?clientId=1&token=a%2Eb&token=c+d&tokens=e', 'token')).toEqual(['a.b', 'c d']);
  expect(queryValues('/ws', 'token')).toEqual([]);
});

test.each([
  ['/ws?token=x', false],
  ['/ws?tok%65n=x', true],
  ['/ws?a=tok%65n', false],
  ['/ws?%74oken', true],
  ['/ws?%=x', true],
  ['/view?file%6Eame=x', false],
])('%s encodes the parameter name token: %s', (path, expected) => {
  expect(disguisesParameter(path, new Set(['token']))).toBe(expected);
});
