import { expect, test } from 'vitest';
import { compileRules, decide } from '../../src/access/access-rules.ts';
import { requests, routed, ROUTES } from './route-spellings.ts';

/** The pattern that a rule about a route has. */
const patternOf = (method: string, path: string): string => `${method} ${path.replaceAll(/\{[^}]+\}/g, '*')}`;
const canonical = (path: string): string => path.replace(':.*', '');
const named = (path: string): string => path.replace(/^\/api(?=\/)/, '');

/** A GET route also answers HEAD. */
function isIt([method, path]: Route, sent: string, chosen: string): boolean {
  return named(chosen) === canonical(path) && (sent === method || (sent === 'HEAD' && method === 'GET'));
}

/** Whether a rule about one route is also about another: `/userdata/*` covers `/userdata/{file}/move/{dest}`. */
function covers(pattern: string, method: string, route: string): boolean {
  const target = named(route).replaceAll(/\{[^}]+\}/g, 'x');
  return decide(compileRules([{ deny: [pattern] }]), { method, target }).kind === 'rule';
}

type Route = readonly [method: string, path: string];
type Request = (typeof requests)[number];

/** Whether the rule about a route misses a request that aiohttp gives to it, or permits one that it gives to another. */
function isWrong([method, path]: Route, [sent, target]: Request, chosen: string): boolean {
  const pattern = patternOf(method, path);
  const request = { method: sent, target };
  if (isIt([method, path], sent, chosen))
    return decide(compileRules([{ deny: [pattern] }]), request).kind === 'default';
  const verdict = decide(compileRules([{ allow: [pattern] }, { deny: ['/*'] }]), request);
  return verdict.kind === 'rule' && verdict.rule.allow && !covers(pattern, sent, chosen);
}

test('whatever reaches a route of ComfyUI, the rule about it decides, and a permission opens no other route', () => {
  const reached = routed().flatMap((chosen, index) => {
    const request = requests[index];
    return chosen === null || request === undefined ? [] : [{ request, chosen }];
  });
  const wrong = ROUTES.flatMap((route) =>
    reached
      .filter(({ request, chosen }) => isWrong(route, request, chosen))
      .map(({ request, chosen }) => `${request.join(' ')} → ${chosen}, rule ${route.join(' ')}`),
  );
  expect(wrong).toEqual([]);
  expect(reached.length).toBeGreaterThan(500);
});
