import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../src/stack/ports.ts';
import { measureChecks } from './checks.ts';
import { configText, SESSION_KEYS } from './credentials.ts';
import { measureMemory } from './memory.ts';
import { measureOverTcp } from './over-tcp.ts';
import { start } from './programs.ts';
import { table, writeResults, type Section } from './table.ts';
import { measureThroughEnvoy } from './through-envoy.ts';

/**
 * `npm run bench`: everything on one machine in one run, so that only the ratios mean something. `-- --quick` measures
 * each row for a second and leaves out the million tokens.
 */
const quick = process.argv.includes('--quick');
const directory = mkdtempSync(join(tmpdir(), 'comfy-tenant-bench-'));
const listen = `unix:${join(directory, 'ours.sock')}`;
const { config, users } = configText(listen, '127.0.0.1:0');
const file = join(directory, 'comfy-tenant.yaml');
writeFileSync(file, config);
writeFileSync(join(directory, 'users.htpasswd'), users);
writeFileSync(join(directory, 'session.keys'), SESSION_KEYS, { mode: 0o600 });

const floorListen = `unix:${join(directory, 'floor.sock')}`;
const stockListen = `unix:${join(directory, 'stock.sock')}`;
const tsx = ['--import', 'tsx', 'bench/floor-server.ts'];
const floor = await start('node', [...tsx, floorListen], 'ready');
const stock = await start('node', [...tsx, stockListen, 'stock'], 'ready');
const ourCommand = ['dist/main.js', 'serve', '--config'];
const startOurs = () => start('node', [...ourCommand, file], 'serving');
let ours = await startOurs();

async function overTcp(): Promise<Section> {
  const tcp = { floor: `127.0.0.1:${await freePort()}`, ours: `127.0.0.1:${await freePort()}` };
  const tcpFile = join(directory, 'tcp.yaml');
  writeFileSync(tcpFile, configText(tcp.ours, '127.0.0.1:0').config);
  const programs = {
    floor: await start('node', [...tsx, tcp.floor], 'ready'),
    ours: await start('node', [...ourCommand, tcpFile], 'serving'),
  };
  try {
    return await measureOverTcp({
      floor: { program: programs.floor, target: tcp.floor },
      ours: { program: programs.ours, target: tcp.ours },
      seconds: 1,
      rounds: quick ? 1 : 9,
    });
  } finally {
    await Promise.all([programs.floor.stop(), programs.ours.stop()]);
  }
}

try {
  const sections: Section[] = [];
  const add = (section: Section): void => {
    sections.push(section);
    console.log(table(section));
  };
  add(
    await measureChecks({
      floor: { program: floor, target: floorListen },
      stock: { program: stock, target: stockListen },
      ours: { program: ours, target: listen },
      seconds: 1,
      rounds: quick ? 1 : 9,
    }),
  );
  await stock.stop();
  add(await overTcp());
  add(
    await measureThroughEnvoy({
      directory,
      floor,
      floorListen,
      ours,
      listen,
      seconds: quick ? 1 : 3,
      rounds: quick ? 1 : 5,
    }),
  );
  await ours.stop();
  // A service that did nothing before: what is measured is what the tokens leave.
  ours = await startOurs();
  add(await measureMemory({ ours, listen, tokens: quick ? 20_000 : 1_000_000 }));
  if (!quick) writeResults(sections);
} finally {
  await Promise.all([floor.stop(), stock.stop(), ours.stop()]);
  rmSync(directory, { recursive: true, force: true });
}
