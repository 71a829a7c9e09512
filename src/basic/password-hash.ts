/** What a text that should be a password hash is; `why` follows the name of the value. */
export type HashVerdict =
  | { readonly kind: 'good' }
  | { readonly kind: 'weak'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

const MAKE = 'make one with `comfy-tenant hash`';
const GOOD: HashVerdict = { kind: 'good' };
const ARGON2ID =
  /^\$argon2id\$v=19\$m=([0-9]{1,10}),t=([0-9]{1,10}),p=([0-9]{1,10})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/;
const BCRYPT = /^\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}$/;
const APR1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/;
const SHA1 = /^\{SHA\}[A-Za-z0-9+/]{27}=$/;
/** Every check of a password costs this much at most, whoever wrote the list. */
const MOST = { argon2KiB: 262_144, argon2Rounds: 10, argon2Lanes: 4, bcryptCost: 14 } as const;
const LEAST = { argon2KiBPerLane: 8, bcryptCost: 4 } as const;
const OTHER_KINDS = /^(\$argon2|\$2|\$apr1\$|\$[0-9a-z]{1,12}\$|\{[A-Z0-9-]{2,12}\})/;

function refused(why: string): HashVerdict {
  return { kind: 'refused', why };
}

function argon2id(memory: number, rounds: number, lanes: number): HashVerdict {
  if (memory > MOST.argon2KiB)
    return refused(`costs too much: argon2id m must be at most ${MOST.argon2KiB} (256 MiB); ${MAKE}`);
  if (rounds > MOST.argon2Rounds)
    return refused(`costs too much: argon2id t must be at most ${MOST.argon2Rounds}; ${MAKE}`);
  if (lanes > MOST.argon2Lanes)
    return refused(`costs too much: argon2id p must be at most ${MOST.argon2Lanes}; ${MAKE}`);
  const legal = rounds >= 1 && lanes >= 1 && memory >= LEAST.argon2KiBPerLane * lanes;
  return legal
    ? GOOD
    : refused(`is not a possible argon2id hash: t and p are at least 1, m at least 8 × p; ${MAKE}`);
}

function bcrypt(cost: number): HashVerdict {
  if (cost > MOST.bcryptCost)
    return refused(`costs too much: the bcrypt cost must be at most ${MOST.bcryptCost}; ${MAKE}`);
  return cost >= LEAST.bcryptCost
    ? GOOD
    : refused(`is not a possible bcrypt hash: the cost is at least 4; ${MAKE}`);
}

/** Judges the form and the cost of a password hash, without any hashing. */
export function checkHash(text: string): HashVerdict {
  const argon = ARGON2ID.exec(text);
  if (argon !== null) return argon2id(Number(argon[1]), Number(argon[2]), Number(argon[3]));
  const blowfish = BCRYPT.exec(text);
  if (blowfish !== null) return bcrypt(Number(blowfish[1]));
  if (APR1.test(text))
    return { kind: 'weak', why: `is an MD5 hash (apr1), which is quickly guessed; ${MAKE}` };
  if (SHA1.test(text))
    return { kind: 'weak', why: `is a SHA-1 hash without salt, which is quickly guessed; ${MAKE}` };
  if (OTHER_KINDS.test(text))
    return refused(`is a hash of another kind or is damaged: argon2id or bcrypt is needed; ${MAKE}`);
  return refused(`is not a password hash, and plain passwords are not read; ${MAKE}`);
}
