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

/** A plain path of a route. Rules overlap where routes do: `/userdata/*` covers `/userdata/{file}/move/{dest}`. */
const aPathOf = (route: string): string => named(route).replaceAll(/\{[^}]+\}/g, 'x');

type Route = readonly [method: string, path: string];
type Request = (typeof requests)[number];

/** Finds requests that the rule about a route misses though aiohttp gives them to it, or permits though it gives them to another. */
function wrongAbout([method, path]: Route) {
  const pattern = patternOf(method, path);
  const denying = compileRules([{ deny: [pattern] }]);
  const allowing = compileRules([{ allow: [pattern] }, { deny: ['/*'] }]);
  const covers = (sent: string, chosen: string): boolean =>
    decide(denying, { method: sent, target: aPathOf(chosen) }).kind === 'rule';
  return ([sent, target]: Request, chosen: string): boolean => {
    const request = { method: sent, target };
    if (isIt([method, path], sent, chosen)) return decide(denying, request).kind === 'default';
    const verdict = decide(allowing, request);
    return verdict.kind === 'rule' && verdict.rule.allow && !covers(sent, chosen);
  };
}

test('whatever reaches a route of ComfyUI, the rule about it decides, and a permission opens no other route', () => {
  const reached = routed().flatMap((chosen, index) => {
    const request = requests[index];
    return chosen === null || request === undefined ? [] : [{ request, chosen }];
  });
  const wrong = ROUTES.flatMap((route) => {
    const isWrong = wrongAbout(route);
    return reached
      .filter(({ request, chosen }) => isWrong(request, chosen))
      .map(({ request, chosen }) => `${request.join(' ')} → ${chosen}, rule ${route.join(' ')}`);
  });
  expect(wrong).toEqual([]);
  expect(reached.length).toBeGreaterThan(300);
});
