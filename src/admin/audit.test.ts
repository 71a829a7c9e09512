import { expect, test } from 'vitest';
import { createAudit } from './audit.ts';
import { createLog } from './log.ts';

const HOSTILE = 'x\n{"event":"signed-in","user":"root"}\u2028\u009b31m\u202e\r\u001b[2J';

function recorded(level = 'info') {
  const logged: string[] = [];
  const filed: string[] = [];
  const log = createLog(level, { write: (line) => logged.push(line) });
  const audit = createAudit(
    log,
    () => 1_800_000_000_000,
    (line) => filed.push(line),
  );
  return { log, audit, logged, filed };
}

test('an event is one line in the log and one in the file', () => {
  const { audit, logged, filed } = recorded();
  audit({
    event: 'sign-in-refused',
    way: 'page',
    reason: 'password-wrong',
    endpoint: 'studio',
    address: '::1',
  });
  const fields = { event: 'sign-in-refused', way: 'page', reason: 'password-wrong', endpoint: 'studio' };
  expect(JSON.parse(logged.join(''))).toMatchObject({ level: 'info', stream: 'audit', ...fields });
  expect(JSON.parse(filed.join(''))).toEqual({ time: '2027-01-15T08:00:00.000Z', ...fields, address: '::1' });
});

test('the level of the log does not turn the audit stream off', () => {
  const { audit, logged } = recorded('error');
  audit({ event: 'configuration-applied', revision: '1a2b' });
  expect(logged).toHaveLength(1);
});

test('text from outside cannot forge a line, move the cursor or fill the disk', () => {
  const { audit, logged, filed } = recorded();
  audit({ event: 'sign-in-refused', way: 'oidc', reason: HOSTILE, address: 'a'.repeat(1e6) });
  for (const [line = ''] of [logged, filed]) {
    expect(line.trimEnd()).toMatch(/^[\u0020-\u007e…]+$/u);
    expect(line.length).toBeLessThan(1000);
    expect(JSON.parse(line)).toMatchObject({ reason: HOSTILE });
  }
});

test('levels are words, and every value of the log is escaped', () => {
  const { log, logged } = recorded();
  log.warn({ problem: HOSTILE }, 'something');
  expect(JSON.parse(logged.join(''))).toMatchObject({ level: 'warn', problem: HOSTILE });
  expect(logged.join('').trimEnd()).toMatch(/^[\u0020-\u007e]+$/);
});
