import { prepareForTests } from './prepare.ts';

/** `npm run setup`: installs what the tests need, with the system's package manager too. */
const { missing } = await prepareForTests({ system: true });
for (const one of missing) console.error(`missing: ${one}`);
if (missing.length === 0) console.log('  everything that npm test needs is installed');
process.exitCode = missing.length === 0 ? 0 : 1;
