import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hash } from '@node-rs/argon2';
import { writeFileAtomically } from '../files/write-file-atomically.ts';

export interface DemoUser {
  readonly name: string;
  readonly password: string;
}

// OWASP's first recommendation for argon2id.
const HASHING = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
export type DemoUsers = readonly [DemoUser, DemoUser];

// prettier-ignore
const PLANTS = [
  'acorn', 'alder', 'aspen', 'aster', 'bamboo', 'basil', 'birch', 'cedar', 'cherry', 'clover', 'cocoa', 'cotton',
  'cypress', 'daisy', 'fennel', 'fern', 'fig', 'ginger', 'hazel', 'heather', 'holly', 'indigo', 'iris', 'ivy',
  'jasmine', 'juniper', 'larch', 'laurel', 'lemon', 'lilac', 'lily', 'lotus', 'maple', 'mint', 'moss', 'myrtle',
  'oak', 'olive', 'orchid', 'papaya', 'peony', 'pepper', 'pine', 'plum', 'poppy', 'quince', 'reed', 'rose',
  'rowan', 'rye', 'saffron', 'sage', 'sesame', 'sorrel', 'spruce', 'tansy', 'thyme', 'tulip', 'vanilla', 'violet',
  'walnut', 'willow', 'yarrow', 'zinnia',
];
// prettier-ignore
const ANIMALS = [
  'badger', 'beaver', 'bison', 'camel', 'cat', 'condor', 'coyote', 'crane', 'cricket', 'dingo', 'dolphin', 'dove',
  'eagle', 'eland', 'falcon', 'ferret', 'finch', 'fox', 'gazelle', 'gecko', 'gibbon', 'goose', 'hare', 'hawk',
  'heron', 'hornet', 'ibex', 'ibis', 'jackal', 'jaguar', 'kestrel', 'kiwi', 'koala', 'lark', 'lemur', 'lizard',
  'lynx', 'magpie', 'marten', 'mole', 'moose', 'newt', 'ocelot', 'otter', 'owl', 'panda', 'parrot', 'pelican',
  'puffin', 'quail', 'rabbit', 'raven', 'robin', 'salmon', 'seal', 'shrew', 'sparrow', 'stork', 'swan', 'tapir',
  'toad', 'turtle', 'vole', 'wombat',
];

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? randomBytes(4).toString('hex');
}

/** Such as `tulip-raven-81`: easy to type, and different for each demo. */
function makePassword(): string {
  return `${pick(PLANTS)}-${pick(ANIMALS)}-${randomInt(10, 100)}`;
}

/** The demo's two users and their passwords; created once, in a file with mode 0600. */
export function demoUsers(file: string): DemoUsers {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DemoUsers;
  const users: DemoUsers = [
    { name: 'alice', password: makePassword() },
    { name: 'bob', password: makePassword() },
  ];
  writeFileAtomically(file, `${JSON.stringify(users, null, 2)}\n`);
  return users;
}

/** Writes the users file for the service, unless it exists. */
export async function writeUsersFile(file: string, users: DemoUsers): Promise<void> {
  if (existsSync(file)) return;
  const lines = users.map(async ({ name, password }) => `${name}:${await hash(password, HASHING)}\n`);
  writeFileAtomically(file, (await Promise.all(lines)).join(''));
}

/** The value of `Authorization` for HTTP Basic. */
export function basicCredentials({ name, password }: DemoUser): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}
